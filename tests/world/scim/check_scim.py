"""What scim2-tester finds at an address, one line of JSON for each of its checks: `check_scim.py URL`, the token in TOKEN."""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
with Client(base_url=sys.argv[1], headers=headers, timeout=30) as client:
    for result in check_server(SyncSCIMClient(client)):
        said = {"title": result.title, "status": result.status.name, "reason": result.reason}
        print(json.dumps(said))
