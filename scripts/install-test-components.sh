#!/bin/sh
# Installs what only tests need from the distribution (Debian, Ubuntu), as root: faketime, OpenIPMI, Prometheus, Python, RabbitMQ, Redis, libvirt with QEMU
# and a small guest, Vagrant, Docker with its registry, and Podman; and moto and Azure's client for Python, apart from the host. Tests run their own, so the packages' services are neither started now nor at the next boot. One that is there already is left as it is.
set -eu
. "$(dirname "$0")/debian-packages.sh"

require_root
# Not every distribution has it.
sh "$(dirname "$0")/install-incus.sh" || echo 'Incus cannot be installed from here; its tests cannot be run.' >&2
missing=
is_program faketime || missing="$missing faketime"
is_program python3 || missing="$missing python3"
is_program fish || missing="$missing fish"
is_program tmux || missing="$missing tmux"
is_program zsh || missing="$missing zsh"
is_program hcloud || missing="$missing hcloud-cli"
is_program prometheus || missing="$missing prometheus"
is_program rabbitmq-server || missing="$missing rabbitmq-server"
is_program redis-server || missing="$missing redis-server"
is_program libvirtd || missing="$missing libvirt-daemon-system"
is_program virsh || missing="$missing libvirt-clients"
is_program qemu-system-x86_64 || missing="$missing qemu-system-x86"
is_program qemu-img || missing="$missing qemu-utils"
is_program dnsmasq || missing="$missing dnsmasq-base"
is_program genisoimage || missing="$missing genisoimage"
is_program vagrant || missing="$missing vagrant"
[ -e /usr/share/doc/vagrant-libvirt ] || missing="$missing vagrant-libvirt"
is_program dropbear || missing="$missing dropbear-bin"
is_program dockerd || missing="$missing docker.io"
is_program docker-registry || missing="$missing docker-registry"
is_program htpasswd || missing="$missing apache2-utils"
is_program openssl || missing="$missing openssl"
is_program podman || missing="$missing podman catatonit netavark aardvark-dns"
is_program sshd || missing="$missing openssh-server"
is_program ipmi_sim || missing="$missing openipmi"
is_program ipmitool || missing="$missing ipmitool"
is_program wakeonlan || missing="$missing wakeonlan"
is_program ip || missing="$missing iproute2"
is_program nc || missing="$missing netcat-openbsd"
is_program busybox || missing="$missing busybox-static"
is_program chromium || missing="$missing chromium"
is_program cpio || missing="$missing cpio"
if [ -z "$missing" ]; then
  sh "$(dirname "$0")/build-test-guest.sh"
  sh "$(dirname "$0")/install-test-moto.sh" || echo "moto cannot be installed from here; its tests cannot be run." >&2
  sh "$(dirname "$0")/install-test-azure-client.sh" || echo "Azure's client cannot be installed from here; its test cannot be run." >&2
  echo 'faketime, OpenIPMI, Prometheus, Python, RabbitMQ and Redis, libvirt with QEMU, Vagrant, Docker and Podman are installed.'
  exit 0
fi
# One word a package.
# shellcheck disable=SC2086
install_without_services $missing
# Of a package without a service there is nothing to disable.
for service in $missing; do
  case $service in
    libvirt-daemon-system) for part in libvirtd virtlogd virtlockd libvirt-guests; do disable_service "$part"; done ;;
    openssh-server) disable_service ssh ;;
    docker.io) for part in docker containerd; do disable_service "$part"; done ;;
    *) disable_service "$service" ;;
  esac
done
sh "$(dirname "$0")/build-test-guest.sh"
sh "$(dirname "$0")/install-test-moto.sh" || echo "moto cannot be installed from here; its tests cannot be run." >&2
sh "$(dirname "$0")/install-test-azure-client.sh" || echo "Azure's client cannot be installed from here; its test cannot be run." >&2
echo "Installed:$missing"
