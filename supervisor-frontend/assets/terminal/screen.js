// xterm.js under this page's strict policy, and its size.

import { Terminal } from './xterm.mjs';
import { FitAddon } from './addon-fit.mjs';
import { WebLinksAddon } from './addon-web-links.mjs';
import { isFocusReport, muteReplies } from './replies.js';

const THEME = {
  background: '#12161c', foreground: '#e6e9ee', cursor: '#82b4ff', selectionBackground: '#34445c',
  black: '#1f2630', red: '#f08a86', green: '#7dd3a8', yellow: '#e5c07b',
  blue: '#82b4ff', magenta: '#c9a0f0', cyan: '#7cc7d8', white: '#d3d9e2',
  brightBlack: '#6b7686', brightRed: '#ffa8a3', brightGreen: '#9be7c0', brightYellow: '#f2d79b',
  brightBlue: '#a8cbff', brightMagenta: '#dcbcff', brightCyan: '#a0dfec', brightWhite: '#ffffff',
};

// The policy allows style elements with its nonce only, and no style attributes; xterm.js makes both.
// Styles set through the object model are allowed, and mean the same.
function admitStyles(nonce) {
  const create = document.createElement.bind(document);
  document.createElement = (name, ...rest) => {
    const element = create(name, ...rest);
    if (name === 'style') element.nonce = nonce;
    return element;
  };
  const set = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else set.call(this, name, value);
  };
}

export class Screen {
  #terminal;
  #fit = new FitAddon();
  #resized;
  // So many bytes of a replay are still to come.
  #old = 0;
  #isReplaying = false;

  // Whether this tab answers what programs ask.
  isActive = false;

  // events: typed(text), binary(text), resized({rows, columns}), focused()
  constructor(element, { typed, binary, resized, focused }) {
    admitStyles(document.querySelector('link[nonce]').nonce);
    const narrow = matchMedia('(max-width: 600px)').matches;
    this.#terminal = new Terminal({
      theme: THEME,
      fontFamily: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      fontSize: narrow ? 13 : 15,
      cursorBlink: true,
      scrollback: 5000,
      screenReaderMode: false,
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(new WebLinksAddon((_, uri) => open(uri, '_blank', 'noopener,noreferrer')));
    this.#terminal.open(element);
    const isMute = () => this.#isReplaying || !this.isActive;
    muteReplies(this.#terminal.parser, isMute);
    this.#terminal.onData((text) => isFocusReport(text) && isMute() || typed(text));
    this.#terminal.onBinary(binary);
    this.#terminal.textarea.addEventListener('focus', focused);
    this.#resized = resized;
    new ResizeObserver(() => this.fit()).observe(element);
    document.fonts?.ready.then(() => this.fit());
  }

  // Takes the size that the page has room for, and tells it.
  fit() {
    const room = this.#fit.proposeDimensions();
    if (!room || !Number.isFinite(room.cols) || !Number.isFinite(room.rows)) return;
    const size = { rows: Math.min(room.rows, 1024), columns: Math.min(room.cols, 1024) };
    this.#resized(size);
  }

  // Takes the size that the shell has: another tab may be the active one.
  resize({ rows, columns }) {
    this.#terminal.resize(columns, rows);
  }

  // What is written is taken in later, but in its order.
  write(bytes) {
    const old = bytes.subarray(0, this.#old);
    if (old.length > 0) {
      this.#old -= old.length;
      const isLast = this.#old === 0;
      this.#terminal.write(old, () => isLast && this.#replaying(false));
    }
    if (old.length < bytes.length) this.#terminal.write(bytes.subarray(old.length));
  }

  // The screen begins anew, with so many bytes that were shown before.
  replay(bytes) {
    this.#old = bytes;
    this.#terminal.write('', () => {
      this.#terminal.reset();
      this.#replaying(bytes > 0);
    });
  }

  #replaying(isReplaying) { this.#isReplaying = isReplaying; }

  // A line of the page's own, under what the shell has left.
  announce(text) { this.#terminal.write(`\x1b[0m\x1b[?25l\r\n\x1b[33m[${text}]\x1b[0m\r\n`); }

  focus() { this.#terminal.focus(); }

  // Arrow keys differ where a program asked for it.
  get usesApplicationKeys() { return this.#terminal.modes.applicationCursorKeysMode; }
}
