// What programs ask a terminal, such as where its cursor is, and what it says of its focus: of several tabs one
// answers, and none of them what was asked before it came.

// All that xterm.js answers by itself; what is registered later is asked first.
const CONTROLS = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
];
const SETTINGS = { intermediates: '$', final: 'q' };
const COLOURS = [4, 10, 11, 12];
const FOCUS_REPORTS = ['\x1b[I', '\x1b[O'];

// Leaves questions unanswered while isMute().
export function muteReplies(parser, isMute) {
  for (const control of CONTROLS) parser.registerCsiHandler(control, isMute);
  parser.registerDcsHandler(SETTINGS, isMute);
  for (const colour of COLOURS) {
    parser.registerOscHandler(colour, (value) => value.includes('?') && isMute());
  }
}

export const isFocusReport = (text) => FOCUS_REPORTS.includes(text);
