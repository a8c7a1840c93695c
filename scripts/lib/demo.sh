# shellcheck shell=bash
# Sourced by run: the demo's processes and app. Needs common.sh; sets and reads core_pid,
# frontend_pid and demo_applied.

demo_run=/run/supervisor-demo
demo_state=/var/lib/supervisor-demo
demo_uid=65532
demo_app=2167

# Binaries and state where the frontend's user can reach them, which the clone may not be.
demo_install() {
  local program
  install -d -m 755 "$demo_run" "$demo_run/bin" "$demo_state" "$demo_state/data"
  install -d -m 700 "$demo_state/core"
  install -d -m 700 -o "$demo_uid" -g "$demo_uid" "$demo_state/frontend"
  for program in supervisor-core supervisor-frontend supervisor-admin; do
    install -m 755 "$1/$program" "$demo_run/bin/$program"
  done
}

# Each in a session of its own: a Ctrl-C reaches only this script, which then stops them in order.
demo_start() {
  export CORE_SOCKET=$demo_run/socket/core.sock
  CORE_STATE_DIR=$demo_state/core RESIN_DATA_PATH=$demo_state/data FRONTEND_UID=$demo_uid SOCKET_GID=$demo_uid \
    setsid "$demo_run/bin/supervisor-core" >"$demo_run/core.log" 2>&1 </dev/null 9>&- &
  core_pid=$!
  FRONTEND_STATE_DIR=$demo_state/frontend LISTEN_PORT=$1 setsid \
    setpriv --reuid "$demo_uid" --regid "$demo_uid" --clear-groups --inh-caps=-all --no-new-privs \
    "$demo_run/bin/supervisor-frontend" >"$demo_run/frontend.log" 2>&1 </dev/null 9>&- &
  frontend_pid=$!
}

demo_admin() { timeout 90 "$demo_run/bin/supervisor-admin" "$@"; }

# demo_alive: both processes run; says which one ended and why.
demo_alive() {
  local name pid
  for name in core frontend; do
    [ $name = core ] && pid=$core_pid || pid=$frontend_pid
    kill -0 "$pid" 2>/dev/null || die "supervisor-$name ended: $(tail -n 1 "$demo_run/$name.log")"
  done
}

demo_apply() {
  "$root_dir/scripts/build-app-image" supervisor-demo
  # Core keeps trying what it could not start at once, so it is there to be removed all the same.
  demo_applied=yes
  if demo_admin app apply "$root_dir/scripts/demo/compose.yaml" --app-id "$demo_app" --name demo >"$demo_run/apply.log" 2>&1; then
    say "demo app $demo_app runs: curl http://127.0.0.1:8080/"
  else
    say "the demo app could not be applied: $(tail -n 1 "$demo_run/apply.log")"
  fi
}

# demo_stop PID: TERM, then KILL after 10 s; only what was started here.
demo_stop() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null || return 0
  kill -TERM "$1" 2>/dev/null || true
  wait_for 10 sh -c "! kill -0 $1" || kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

demo_remove() {
  local code=0
  say "removing the demo app (its data stays in $demo_state/data/$demo_app)"
  demo_admin app remove "$demo_app" --yes >"$demo_run/remove.log" 2>&1 || code=$?
  # 66: core does not know it, because it was refused.
  case $code in 0 | 66) ;; *) say "the demo app could not be removed: $(tail -n 1 "$demo_run/remove.log")" ;; esac
}
