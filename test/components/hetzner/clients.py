"""A server made, found, asked for and deleted by Hetzner's own Python library. Prints what it finds as JSON."""
import json
import os

from hcloud import Client
from hcloud.images.domain import Image
from hcloud.locations.domain import Location
from hcloud.server_types.domain import ServerType

client = Client(token=os.environ["HCLOUD_TOKEN"], api_endpoint=os.environ["HCLOUD_ENDPOINT"])
made = client.servers.create(
    name="py-1",
    server_type=ServerType(name="cx23"),
    image=Image(name="debian-13"),
    location=Location(name="fsn1"),
    labels={"app": "py"},
)
made.action.wait_until_finished()
found = client.servers.get_all(label_selector="app in (py,other)")
server = client.servers.get_by_id(made.server.id)
client.servers.delete(server).wait_until_finished()
left = client.servers.get_all()
print(json.dumps({"found": [s.name for s in found], "ip": server.public_net.ipv4.ip, "left": len(left)}))
