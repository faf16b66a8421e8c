"""A DNS server of others (NSD) with a zone that is signed here; answers on loopback alone."""
import contextlib

import clients
import peers
from program import free_ports

ZONE = 'dane.example'
CONFIGURATION = '''
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  database: ""
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/zones"
  xfrdir: "{folder}"
  logfile: "{folder}/log"
  server-count: 1
remote-control:
  control-enable: no
'''
BEGINNING = f'''$ORIGIN {ZONE}.
$TTL 60
@ IN SOA ns.{ZONE}. hostmaster.{ZONE}. 1 600 600 600 600
@ IN NS ns.{ZONE}.
ns IN A 127.0.0.1
'''


def sign(folder, records):
    """The zone with these records, signed; the file of its DS record."""
    folder.mkdir(exist_ok=True)
    name = clients.run('sh', '-c', f'cd {folder} && ldns-keygen -a ECDSAP256SHA256 -k {ZONE}').split()[-1]
    (folder / 'zone').write_text(BEGINNING + '\n'.join(records) + '\n', encoding='ascii')
    clients.run('sh', '-c', f'cd {folder} && ldns-signzone -n -f signed zone {name}')
    return folder / f'{name}.ds'


@contextlib.contextmanager
def serving(folder):
    """NSD with the zone of sign(); "ADDRESS@PORT" as libunbound writes it."""
    program = peers.foreign_program('nsd', 'usr/sbin/nsd')
    port = free_ports(1)[0]
    text = CONFIGURATION.format(folder=folder, port=port)
    (folder / 'nsd.conf').write_text(text + f'zone:\n  name: {ZONE}\n  zonefile: signed\n', encoding='ascii')
    with peers.running([program, '-d', '-c', folder / 'nsd.conf'], port, env=peers.foreign_libraries()):
        yield f'127.0.0.1@{port}'
