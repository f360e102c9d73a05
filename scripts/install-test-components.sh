#!/bin/sh
# Installs what only tests need from the distribution (Debian, Ubuntu), as root: faketime, Prometheus, RabbitMQ and Redis. Tests run their own,
# so the packages' services are neither started now nor at the next boot. One that is there already is left as it is.
set -eu
. "$(dirname "$0")/debian-packages.sh"

require_root
missing=
is_program faketime || missing="$missing faketime"
is_program prometheus || missing="$missing prometheus"
is_program rabbitmq-server || missing="$missing rabbitmq-server"
is_program redis-server || missing="$missing redis-server"
if [ -z "$missing" ]; then
  echo 'faketime, Prometheus, RabbitMQ and Redis are installed.'
  exit 0
fi
# One word a package.
# shellcheck disable=SC2086
install_without_services $missing
# All but faketime have a service.
for service in ${missing# faketime}; do disable_service "$service"; done
echo "Installed:$missing"
