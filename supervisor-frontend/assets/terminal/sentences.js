// What the page says, for each thing that can happen.

const STATES = {
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  opening: 'Opening the shell',
  open: 'Connected',
  refused: 'Not open',
  ended: 'Ended',
  gone: 'Gone',
};

const ENDINGS = {
  'exited': 'The shell ended',
  'container-stopped': 'The container stopped',
  'app-restarted': 'The app is being restarted',
  'app-purged': 'The app’s data is being purged',
  'app-updated': 'The app is being updated',
  'app-stopped': 'The app was stopped',
  'app-removed': 'The app was removed',
  'core-stopping': 'The supervisor is stopping',
  'engine-lost': 'The container engine went away',
  'core-lost': 'The supervisor’s core went away',
  'despawned': 'The terminal was ended by a call of despawn-tty',
  'replaced': 'A terminal of another service took its place',
  'expired': 'The terminal was not used for too long',
  'tunnel-ended': 'The tunnel to this terminal ended',
  'frontend-stopping': 'The supervisor is stopping',
};

export const stateWord = (state) => STATES[state] ?? state;

export const endingSentence = ({ reason, exitCode }) => {
  const sentence = ENDINGS[reason] ?? 'The terminal ended';
  return exitCode === null || exitCode === undefined ? `${sentence}.` : `${sentence} with exit code ${exitCode}.`;
};

export const HOW_TO_GO_ON = 'A new terminal needs a new link, from spawn-tty.';
export const GONE = 'This terminal is no more.';
export const TOO_MANY_TABS = 'Too many tabs show this terminal.';
