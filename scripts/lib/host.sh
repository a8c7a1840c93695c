# shellcheck shell=bash
# Sourced by install and uninstall: where things are on the host. Needs common.sh.
# shellcheck disable=SC2034 # not both of them use every name

units_dir=/etc/systemd/system
settings_dir=/etc/device-supervisor
state_dir=/var/lib/supervisor
sysusers_file=/etc/sysusers.d/supervisor-frontend.conf
tmpfiles_file=/etc/tmpfiles.d/supervisor-core.conf
user=supervisor-frontend
programs='supervisor-core supervisor-frontend supervisor-admin'
units='supervisor-core.service supervisor-frontend.service'

shells='bash zsh fish'

# manual_dir, completion_file SHELL: where readers of manuals and the shells look for them. Need prefix.
manual_dir() { echo "$prefix/share/man/man1"; }

completion_file() {
  case $1 in
  bash) echo "$prefix/share/bash-completion/completions/supervisor-admin" ;;
  zsh) echo "$prefix/share/zsh/site-functions/_supervisor-admin" ;;
  fish) echo "$prefix/share/fish/vendor_completions.d/supervisor-admin.fish" ;;
  esac
}

# remove_tool_texts: the tool's manual pages and completions, whichever release wrote them.
remove_tool_texts() {
  local shell
  rm -f "$(manual_dir)"/supervisor-admin.1 "$(manual_dir)"/supervisor-admin-*.1
  for shell in $shells; do rm -f "$(completion_file "$shell")"; done
}

need_systemd() {
  [ -d /run/systemd/system ] || die "systemd does not run here: use the containers (compose.yaml) instead"
}

# installed_prefix: where an earlier installation put its programs; nothing without one.
installed_prefix() {
  sed -n 's|^ExecStart=\(.*\)/bin/supervisor-core$|\1|p' "$units_dir/supervisor-core.service" 2>/dev/null || true
}

# setting NAME DEFAULT: the owner's setting.
setting() {
  local value=
  [ ! -f "$settings_dir/supervisor.conf" ] || value=$(sed -n "s/^$1=//p" "$settings_dir/supervisor.conf" | tail -n 1)
  value=${value#\"} value=${value%\"}
  echo "${value:-$2}"
}
