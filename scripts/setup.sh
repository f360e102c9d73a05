#!/bin/sh
# Makes a clone ready to run: the pinned Node.js, the packages, the dashboard, HAProxy. Does what is missing, and is silent when nothing is.
#
# Needs npm and any Node.js from 20 on. Exit codes:
#   0   ready
#   1   a step failed; its output is shown
#   69  there is no Node.js that this machine can use
#   77  everything but HAProxy is ready, and installing that needs an administrator; the command to run is shown
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
. "$root/scripts/runtime.sh"
log=

say() { printf '%s\n' "$*" >&2; }

# step TITLE COMMAND...: runs it silently between a title and its seconds; shows its output only when it fails.
step() {
  [ -n "$log" ] || begin
  title=$1
  shift
  printf '  %-32s' "$title" >&2
  began=$(date +%s)
  if "$@" >"$log" 2>&1 </dev/null; then
    say "$(($(date +%s) - began)) s"
  else
    say 'failed'
    tail -n 100 "$log" >&2
    return 1
  fi
}

begin() {
  say 'Setting up Drover:'
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# npm with the project's Node.js, whatever its first line names. No package of the project needs an install script.
npm_ci() {
  npm=$(command -v npm) || { echo 'npm is missing: install it, for example with: apt-get install npm'; return 1; }
  program=$(readlink -f "$npm")
  case $program in
    *.js) set -- node "$program" "$@" ;;
    *) set -- "$npm" "$@" ;;
  esac
  "$@" ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# A folder's stamp holds the checksum of the lock file that its node_modules was installed from.
checksum() { cksum <"$1/package-lock.json"; }
is_installed() { [ "$(cat "$1/node_modules/.setup-stamp" 2>/dev/null)" = "$(checksum "$1")" ]; }
install_packages() {
  npm_ci --prefix "$1" && checksum "$1" >"$1/node_modules/.setup-stamp"
}

set_up_node() {
  if [ -n "$(pinned_node_bin)" ]; then
    is_installed "$root/tools/node" || step 'Node.js for the project' install_packages "$root/tools/node"
  elif ! is_new_enough node; then
    say "Drover brings its own Node.js for Linux with glibc on x64 and arm64; this machine is $(uname -s) on $(uname -m)."
    say 'Install Node.js 24.11 or newer (https://nodejs.org) and run this again.'
    exit 69
  fi
}

set_up_packages() {
  is_installed "$root" || step 'Packages' install_packages "$root"
}

# The dashboard is built where it is missing or older than what it is made of, beside its place first: another run may be serving it.
is_built() {
  [ -e "$root/web/dist/index.html" ] &&
    [ -z "$(find "$root/web/src" "$root/web/styles" "$root/web/public" "$root/web/index.html" "$root/web/vite.config.ts" \
      "$root/schema" "$root/package-lock.json" -newer "$root/web/dist/index.html" -print -quit)" ]
}
build_dashboard() {
  made=$root/web/dist.$$
  vite build "$root/web" --outDir "$made" --emptyOutDir && rm -rf "$root/web/dist" && mv "$made" "$root/web/dist" || {
    rm -rf "$made"
    return 1
  }
}
set_up_dashboard() {
  is_built || step 'Dashboard' build_dashboard
}

set_up_haproxy() {
  command -v haproxy >/dev/null && return
  if ! command -v apt-get >/dev/null; then
    say 'HAProxy is missing: install HAProxy 2.6 or newer with the package manager of this system, and run this again.'
    exit 77
  fi
  if [ "$(id -u)" -eq 0 ]; then
    step 'HAProxy' sh "$root/scripts/install-haproxy.sh"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    step 'HAProxy (with sudo)' sudo -n sh "$root/scripts/install-haproxy.sh"
  else
    say 'HAProxy is missing, and installing it needs an administrator. The one command to run:'
    say ''
    if command -v sudo >/dev/null; then
      say "  sudo sh '$root/scripts/install-haproxy.sh'"
    else
      say "  su -c \"sh '$root/scripts/install-haproxy.sh'\""
    fi
    say ''
    exit 77
  fi
}

set_up_node
use_project_node
set_up_packages
set_up_dashboard
set_up_haproxy
[ -z "$log" ] || say 'Ready.'
