#!/bin/sh
# Installs what Azure's client for Python is made of, for Drover's tests: the parts that they use, out of Debian's python3-azure, into a folder. The whole
# package is half a gigabyte of which they need 17 MB. As root; what it depends on is installed from the distribution.
#
#   sh scripts/install-test-azure-client.sh      writes /usr/local/share/drover-test-azure and /usr/local/bin/drover-test-azure, a Python that has it
set -eu
. "$(dirname "$0")/debian-packages.sh"

require_root
folder=/usr/local/share/drover-test-azure
program=/usr/local/bin/drover-test-azure
if [ -e "$program" ]; then
  echo "Azure's client for Python is in $folder."
  exit 0
fi
install_without_services python3 python3-requests python3-isodate python3-msrest python3-typing-extensions

work=$(mktemp -d)
# In place of the trap that the installation has set, which this does too.
trap 'rm -rf "$work"; allow_services' EXIT
(cd "$work" && apt-get download -q -o APT::Sandbox::User=root python3-azure)

source=./usr/lib/python3/dist-packages/azure
mkdir "$work/parts"
for package in "$work"/python3-azure_*.deb; do
  dpkg-deb --fsys-tarfile "$package" |
    tar -x -C "$work/parts" --strip-components=5 --wildcards --no-wildcards-match-slash --anchored \
      "$source/common" "$source/core" "$source/profiles" "$source/mgmt/core" \
      "$source/mgmt/compute/*.py" "$source/mgmt/compute/v2022_08_01" "$source/mgmt/compute/v2022_07_02" \
      "$source/mgmt/network/*.py" "$source/mgmt/network/operations" "$source/mgmt/network/v2019_0[27]_01" \
      "$source/mgmt/network/v2020_04_01" "$source/mgmt/network/v2021_02_01_preview" "$source/mgmt/network/v2022_07_01"
done
rm -rf "$folder"
mkdir -p "$(dirname "$folder")" "$(dirname "$program")"
chmod 755 "$work/parts"
mv "$work/parts" "$folder"
cat >"$work/program" <<PROGRAM
#!/bin/sh
# The distribution's Python with Azure's client, for Drover's tests.
export PYTHONPATH=$folder PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "\$@"
PROGRAM
chmod 755 "$work/program"
mv "$work/program" "$program"
echo "Azure's client for Python is in $folder."
