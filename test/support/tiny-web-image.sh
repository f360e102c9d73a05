#!/bin/sh
# tiny-web-image.sh IMAGE: makes a container image of busybox alone, without a network: a web server on port 80 that answers with its host's
# name, and ends at once when it is asked to.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/www"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
cat >"$root/bin/serve" <<'SERVER'
#!/bin/sh
trap 'exit 0' TERM INT
hostname >/www/index.html
echo ok >/www/health
httpd -p 80 -h /www
while :; do
  sleep 3600 &
  wait $!
done
SERVER
chmod 755 "$root/bin/serve"
tar -C "$root" -c . | docker import --change 'CMD ["/bin/serve"]' - "$1"
