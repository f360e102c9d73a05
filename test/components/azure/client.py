"""Azure's own client for Python makes, lists and deletes what Drover makes. Prints what it has found as JSON."""

import json
import os
import time

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.v2022_07_02 import ComputeManagementClient as DisksClient
from azure.mgmt.compute.v2022_08_01 import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

endpoint = os.environ["ENDPOINT"]
subscription, group, location = os.environ["SUBSCRIPTION"], os.environ["GROUP"], "westeurope"
tls = {"connection_verify": os.environ["CA_FILE"]}


class Credential:
    """The library's own asks Microsoft first whether the authority is one of theirs."""

    def get_token(self, *scopes, **_):
        asked = {
            "grant_type": "client_credentials",
            "client_id": os.environ["CLIENT"],
            "client_secret": os.environ["SECRET"],
            "scope": " ".join(scopes),
        }
        url = f"{endpoint}/{os.environ['TENANT']}/oauth2/v2.0/token"
        answer = requests.post(url, data=asked, verify=os.environ["CA_FILE"], timeout=20).json()
        return AccessToken(answer["access_token"], int(time.time()) + answer["expires_in"])


credential = Credential()
common = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"], "polling_interval": 1, **tls}
compute = ComputeManagementClient(credential, subscription, **common)
disks = DisksClient(credential, subscription, **common)
network = NetworkManagementClient(credential, subscription, **common)

address = network.public_ip_addresses.begin_create_or_update(
    group, "py-ip", {"location": location, "sku": {"name": "Standard"}, "public_ip_allocation_method": "Static"}
).result()
subnet = f"/subscriptions/{subscription}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/a/subnets/b"
configuration = {
    "name": "primary",
    "subnet": {"id": subnet},
    "public_ip_address": {"id": address.id, "delete_option": "Delete"},
}
nic = network.network_interfaces.begin_create_or_update(
    group, "py-nic", {"location": location, "ip_configurations": [configuration]}
).result()
machine = {
    "location": location,
    "zones": ["1"],
    "tags": {"app": "py"},
    "hardware_profile": {"vm_size": "Standard_B2s"},
    "storage_profile": {
        "image_reference": {"publisher": "Debian", "offer": "debian-13", "sku": "13-gen2", "version": "latest"},
        "os_disk": {"name": "py-disk", "create_option": "FromImage", "delete_option": "Delete"},
    },
    "os_profile": {"computer_name": "py", "admin_username": "ops", "admin_password": "not for long 1"},
    "network_profile": {"network_interfaces": [{"id": nic.id, "primary": True, "delete_option": "Delete"}]},
}
made = compute.virtual_machines.begin_create_or_update(group, "py", machine).result()
view = compute.virtual_machines.get(group, "py", expand="instanceView").instance_view
statuses = [status.code for vm in compute.virtual_machines.list_all(status_only="true") for status in vm.instance_view.statuses]
try:
    network.network_interfaces.begin_delete(group, "py-nic").result()
    refused = None
except HttpResponseError as error:
    refused = error.error.code
found = {
    "state": made.provisioning_state,
    "view": [status.code for status in view.statuses],
    "statuses": statuses,
    "machines": [vm.name for vm in compute.virtual_machines.list(group)],
    "disk": disks.disks.get(group, "py-disk").tags,
    "attached": network.network_interfaces.get(group, "py-nic").virtual_machine.id == made.id,
    "private": [one.ip_configurations[0].private_ip_address for one in network.network_interfaces.list(group)],
    "public": [one.ip_address for one in network.public_ip_addresses.list(group)],
    "usage": [usage.name.value for usage in compute.usage.list(location)],
    "refused": refused,
}
compute.virtual_machines.begin_delete(group, "py").result()
found["left"] = [one.name for one in network.network_interfaces.list(group)]
print(json.dumps(found))
