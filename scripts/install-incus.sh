#!/bin/sh
# Installs Incus for the tests, as root, without its services. Debian 12 has it in its backports, which are a source of packages for the time of
# the installation only.
set -eu
. "$(dirname "$0")/debian-packages.sh"

require_root
if is_program incus; then
  echo 'Incus is installed.'
  exit 0
fi
source=/etc/apt/sources.list.d/drover-backports.list
from=
. /etc/os-release
if [ "${VERSION_CODENAME-}" = bookworm ]; then
  from="-t bookworm-backports"
  echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main' >"$source"
fi
status=0
# shellcheck disable=SC2086
install_without_services $from incus-base incus-client || status=$?
rm -f "$source"
for service in incus incus-user incus-startup lxcfs; do disable_service "$service"; done
exit "$status"
