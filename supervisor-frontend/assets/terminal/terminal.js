// The page: a screen, a connection, and words about both.

import { Connection } from './connection.js';
import { Keys } from './keys.js';
import { Screen } from './screen.js';
import { GONE, HOW_TO_GO_ON, TOO_MANY_TABS, endingSentence, stateWord } from './sentences.js';

// The longest frame that the device takes is 64 KiB.
const FRAME_BYTES = 32 * 1024;
const part = (id) => document.getElementById(id);
const path = document.body.dataset.session;
const encoder = new TextEncoder();

// The link's secret has done its work: it leaves the address and the history.
history.replaceState(null, '', path);

let size = null;
let ending = null;

const connection = new Connection(path, {
  opened() {
    screen.isActive = false;
    screen.fit();
    if (document.hasFocus()) connection.say({ type: 'focus' });
  },
  bytes: (bytes) => screen.write(bytes),
  message: (message) => HEARD[message.type]?.(message),
  lost: () => show('reconnecting'),
  over: (why) => {
    if (why === 'too-many') finish('gone', TOO_MANY_TABS);
    else if (why === 'gone') finish('gone', `${GONE} ${HOW_TO_GO_ON}`);
    else finish('ended', `${ending ?? GONE} ${HOW_TO_GO_ON}`);
  },
});

const HEARD = {
  hello({ name, app }) {
    part('app').textContent = name || `App ${app}`;
    document.title = `${name || app} – terminal`;
    show('opening');
  },
  opening: () => show('opening'),
  opened({ service, command }) {
    part('service').textContent = `${service} · ${command}`;
    show('open');
    part('notice').hidden = true;
  },
  refused({ message }) {
    show('refused');
    notice(`The shell could not be opened: ${message}.`, true);
  },
  replay: ({ bytes }) => screen.replay(bytes),
  active({ active }) { screen.isActive = active; },
  size: (given) => screen.resize(given),
  ended(message) {
    ending = endingSentence(message);
    screen.announce(ending);
  },
};

const screen = new Screen(part('screen'), {
  typed: (text) => type(keys.apply(text)),
  // Bytes that are no text, such as old mouse reports.
  binary: (text) => connection.send(Uint8Array.from(text, (character) => character.charCodeAt(0))),
  resized(room) {
    size = room;
    connection.say({ type: 'resize', ...size });
  },
  focused: () => connection.say({ type: 'focus' }),
});
const keys = new Keys(part('keys'), screen, type);

function type(text) {
  const bytes = encoder.encode(text);
  for (let start = 0; start < bytes.length; start += FRAME_BYTES) {
    connection.send(bytes.subarray(start, start + FRAME_BYTES));
  }
}

function show(state) {
  part('state').dataset.state = state;
  part('word').textContent = stateWord(state);
}

function notice(text, canTryAgain) {
  part('why').textContent = text;
  part('again').hidden = !canTryAgain;
  part('notice').hidden = false;
}

function finish(state, text) {
  show(state);
  notice(text, false);
}

part('again').addEventListener('click', () => {
  part('notice').hidden = true;
  connection.say({ type: 'open' });
  screen.focus();
});

connection.open();
screen.focus();
