#!/bin/sh
# Installs HAProxy from the distribution (Debian, Ubuntu), as root. Drover runs an HAProxy of its own, so the package's
# service is neither started now nor at the next boot.
set -eu
. "$(dirname "$0")/debian-packages.sh"

require_root
if is_program haproxy; then exit 0; fi
install_without_services haproxy
disable_service haproxy
