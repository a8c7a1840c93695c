// The WebSocket to the device, opened again whenever it breaks.

const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 8000;
// The device says something every 15 s at least: three times missed, it is not there any more.
const SILENCE_MS = 50000;
const ANSWER_MS = 5000;
// Close codes of the device: the terminal is over, or this tab is not wanted.
const OVER = 1000;
const TOO_MANY = 1013;

export class Connection {
  #path;
  #events;
  #socket = null;
  #wait = FIRST_WAIT_MS;
  #timer = null;
  #silence = null;
  #finished = false;

  // events: opened(), bytes(Uint8Array), message(object), lost(), over(why)
  constructor(path, events) {
    this.#path = path;
    this.#events = events;
    // A phone that wakes up, or gets its network back, need not wait for the next attempt.
    addEventListener('online', () => this.#hurry());
    document.addEventListener('visibilitychange', () => document.hidden || this.#hurry());
  }

  open() {
    const url = new URL(`${this.#path}socket`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#events.opened();
    socket.onmessage = ({ data }) => {
      this.#wait = FIRST_WAIT_MS;
      this.#listen();
      if (typeof data === 'string') this.#events.message(JSON.parse(data));
      else this.#events.bytes(new Uint8Array(data));
    };
    socket.onclose = ({ code }) => this.#closed(code);
    this.#socket = socket;
    this.#listen();
  }

  send(bytes) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  say(message) {
    this.send(JSON.stringify(message));
  }

  // A network that is lost without a word closes nothing.
  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#abandon(), SILENCE_MS);
  }

  // Without waiting for the other side to agree.
  #abandon() {
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#closed();
  }

  async #closed(code) {
    clearTimeout(this.#silence);
    if (code === OVER) return this.#finish('ended');
    if (code === TOO_MANY) return this.#finish('too-many');
    this.#events.lost();
    if (await this.#isGone()) return this.#finish('gone');
    const jitter = 0.75 + Math.random() / 2;
    this.#timer = setTimeout(() => this.#again(), this.#wait * jitter);
    this.#wait = Math.min(this.#wait * 2, LAST_WAIT_MS);
  }

  // The terminal is gone when the device answers and does not know it, or not this browser.
  async #isGone() {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      return (await fetch(`${this.#path}alive`, { cache: 'no-store', signal })).status === 404;
    } catch {
      return false;
    }
  }

  #again() {
    this.#timer = null;
    this.open();
  }

  #hurry() {
    if (this.#timer === null || this.#finished) return;
    clearTimeout(this.#timer);
    this.#again();
  }

  #finish(why) {
    this.#finished = true;
    this.#events.over(why);
  }
}
