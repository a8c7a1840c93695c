// The row of keys that phones lack.

const ARROWS = { up: 'A', down: 'B', right: 'C', left: 'D' };

// A letter, or one of @[\]^_ and ?, as it is with Ctrl held.
function withControl(text) {
  if (text === '?') return '\x7f';
  const code = text.toUpperCase().charCodeAt(0);
  return text.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : text;
}

export class Keys {
  #control;

  // send(text) takes what a key means; screen is where the focus stays.
  constructor(row, screen, send) {
    this.#control = row.querySelector('[data-key="control"]');
    // A button that takes the focus would close the phone's keyboard.
    row.addEventListener('pointerdown', (event) => event.preventDefault());
    row.addEventListener('click', ({ target }) => {
      const key = target.closest('button')?.dataset.key;
      if (!key) return;
      if (key === 'control') this.#hold(!this.#isHeld);
      else if (key === 'escape') send('\x1b');
      else if (key === 'tab') send('\t');
      else send(this.#arrow(key, screen.usesApplicationKeys));
      screen.focus();
    });
  }

  // What was typed, with Ctrl if that was held; it counts for one key.
  apply(text) {
    if (!this.#isHeld) return text;
    this.#hold(false);
    return withControl(text);
  }

  get #isHeld() { return this.#control.getAttribute('aria-pressed') === 'true'; }

  #hold(held) { this.#control.setAttribute('aria-pressed', held); }

  #arrow(key, isApplication) {
    if (this.#isHeld) {
      this.#hold(false);
      return `\x1b[1;5${ARROWS[key]}`;
    }
    return `\x1b${isApplication ? 'O' : '['}${ARROWS[key]}`;
  }
}
