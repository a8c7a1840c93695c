//! The texts below the flags of `--help`.

pub(super) const TOOL: &str = "\
Exit codes:
   0  done
   1  only `doctor`: warnings
   2  `doctor`: something does not work; with --exit-code of `app plan` and `app apply --dry-run`: there is
      something to do
  64  wrong usage or bad input; a dangerous verb without a yes
  65  the compose or policy file was not accepted
  66  no such app, service or file; no key yet
  69  core, the engine, logind or the frontend is not available; a shell or command did not end by itself
  70  a failure inside core or this tool, or two releases that do not fit
  75  try again later: updates locked, still in progress, limit reached, or the store cannot be written
  77  not allowed

With --json an answer is one JSON object on stdout (`app logs`, `events`: one per line), and an error is
  {\"error\":{\"reason\":\"updates-locked\",\"subject\":\"...\",\"message\":\"...\"}} on stderr.";

pub(super) const PLAN: &str = "\
Examples:
  supervisor-admin app plan 2167                          what core still has to do for app 2167
  supervisor-admin app plan compose.yaml --app-id 2167    what applying the file would do
  supervisor-admin app plan compose.yaml --app-id 2167 --exit-code >/dev/null || echo changes

Each service comes with what would happen to it and why: + created or started, ~ recreated,
- removed or stopped, = unchanged. Names of fields are shown, values never.";

pub(super) const DOCTOR: &str = "\
Examples:
  supervisor-admin doctor
  supervisor-admin doctor --json | jq '.findings[] | select(.level == \"fail\")'

Exit codes: 0 nothing is wrong, 1 warnings only, 2 something does not work. It also looks when core is not
there, and then says why. It changes nothing.";

pub(super) const MAN: &str = "\
Examples:
  supervisor-admin man | man -l -
  supervisor-admin man --out-dir /usr/local/share/man/man1";

pub(super) const LOGS: &str = "\
Examples:
  supervisor-admin app logs 2167 --tail 50
  supervisor-admin app logs 2167 --service web --follow
  supervisor-admin app logs 2167 --timestamps --since 10m
  supervisor-admin app logs 2167 --since 2026-11-24T16:00:00Z";

pub(super) const APPLY: &str = "\
Examples:
  supervisor-admin app apply compose.yaml --app-id 2167 --name demo
  supervisor-admin app apply compose.yaml --app-id 2167 --dry-run
  generate-compose | supervisor-admin app apply - --app-id 2167 --name demo";

pub(super) const RESTART: &str = "\
Examples:
  supervisor-admin app restart 2167
  supervisor-admin app restart 2167 --service web --service db
  supervisor-admin app restart 2167 --force               although the app holds its update lock";

pub(super) const EVENTS: &str = "\
Examples:
  supervisor-admin events                   everything, with who called what
  supervisor-admin events --app 2167        one app
  supervisor-admin events --json | jq -r 'select(.event == \"container-changed\") | .happening'

Times are UTC. Nothing is kept: an event that nobody follows is not told again. Why a running container
was made stands in `app show`.";

pub(super) const SHELL: &str = "\
The image's bash, or else its sh. The exit code is the shell's own; where the terminal ends for another
reason, a line says why, and the exit code is 69.";

pub(super) const EXEC: &str = "\
Standard input goes to the command, with its end; standard output and standard error stay apart. The exit
code is the command's own, also where it is one of this tool's; this tool's own failures leave a line that
begins with `supervisor-admin:`. Example: supervisor-admin app exec 2167 -- tar -C /data -c . > data.tar";

pub(super) const UPDATE: &str = "\
Examples:
  supervisor-admin update                   try again what failed or was cancelled
  supervisor-admin update --apply           also what is downloaded and waits for its time
  supervisor-admin update --force           although apps hold their update locks
  supervisor-admin update --cancel

It answers at once; `app show` and `events` tell what becomes of it.";
