# To be sourced: installs packages of the distribution (Debian, Ubuntu) as root, without their services: neither started now nor at
# the next boot.

# Ends the script that calls it where that is not run as root.
require_root() {
  [ "$(id -u)" -eq 0 ] && return
  echo "$(basename "$0") has to run as root, for example: sudo sh scripts/$(basename "$0")" >&2
  exit 77
}

is_program() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null; }

# install_without_services PACKAGE...
install_without_services() {
  forbid_services
  export DEBIAN_FRONTEND=noninteractive
  # A third-party source that does not answer is no reason to stop: the installation decides.
  apt-get update -q || true
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
}

# Packages ask this program whether their services may start: 101 is no. An administrator's own comes back afterwards.
policy=/usr/sbin/policy-rc.d
kept=
forbid_services() {
  trap allow_services EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -e "$policy" ]; then
    kept=$policy.before-drover
    mv "$policy" "$kept"
  fi
  printf '#!/bin/sh\n# Drover is installing packages; this file goes away when it is done.\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
allow_services() {
  rm -f "$policy"
  if [ -n "$kept" ]; then mv "$kept" "$policy"; fi
}

# disable_service NAME: not at the next boot either, whichever init system this is.
disable_service() {
  if command -v systemctl >/dev/null; then systemctl disable --quiet "$1.service" || true; fi
  if command -v update-rc.d >/dev/null; then update-rc.d "$1" disable || true; fi
}
