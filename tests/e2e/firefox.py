"""Firefox ESR by its own remote protocol (Marionette): what it shows of a server, with its words."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

import clients
from program import free_ports

PREFERENCES = '''
user_pref("marionette.port", %d);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
'''
# The page's text as it is seen, with what is inside of its components; its advanced part opened before.
TEXT = '''
function seen(node) {
  if (node.nodeType === 3) return node.data;
  if (node.nodeType !== 1 && node.nodeType !== 11) return '';
  if (node.nodeType === 1 && (['STYLE', 'SCRIPT'].includes(node.tagName) || node.hidden ||
      node.ownerDocument.defaultView.getComputedStyle(node).display === 'none')) return '';
  const inner = node.shadowRoot ? seen(node.shadowRoot) : '';
  return inner + Array.from(node.childNodes, seen).join('') + ' ';
}
const card = document.querySelector('net-error-card');
const own = card && (card.wrappedJSObject || card);
if (arguments[0] && own && own.advancedButton) own.advancedButton.click();
let code = '';
try { code = document.getFailedCertSecurityInfo().errorCodeString; } catch { }
return [code, seen(document.body).replace(/\\s+/g, ' ')];
'''


class Firefox:
    """Headless, with a profile of its own whose NSS store trusts one root."""

    def __init__(self, folder, root):
        self.profile = pathlib.Path(folder)
        self.profile.mkdir(parents=True)
        store = f'sql:{self.profile}'
        clients.run('certutil', '-d', store, '-N', '--empty-password')
        clients.run('certutil', '-d', store, '-A', '-t', 'C,,', '-n', 'root', '-i', root)
        port = free_ports(1)[0]
        (self.profile / 'user.js').write_text(PREFERENCES % port, encoding='ascii')
        with open(self.profile / 'log', 'wb') as log:
            self.process = subprocess.Popen(
                ['firefox-esr', '-headless', '-marionette', '-no-remote', '-profile', str(self.profile)],
                env=dict(os.environ, HOME=str(self.profile), MOZ_HEADLESS='1'), stdout=log, stderr=log)
        self.rest, self.number = b'', 0
        self.connection = self._connect(port)
        self._receive()
        self.call('WebDriver:NewSession')

    def _connect(self, port):
        deadline = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(('127.0.0.1', port), timeout=60)
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, 'Firefox does not start'
                time.sleep(0.2)

    def _receive(self):
        while b':' not in self.rest:
            self.rest += self._more()
        length, self.rest = self.rest.split(b':', 1)
        while len(self.rest) < int(length):
            self.rest += self._more()
        message, self.rest = self.rest[:int(length)], self.rest[int(length):]
        return json.loads(message)

    def _more(self):
        data = self.connection.recv(65536)
        assert data, 'Firefox has ended'
        return data

    def call(self, command, **arguments):
        """Error (None when there is none) and value."""
        self.number += 1
        message = json.dumps([0, self.number, command, arguments]).encode()
        self.connection.sendall(str(len(message)).encode() + b':' + message)
        while True:
            answer = self._receive()
            if answer[:2] == [1, self.number]:
                return answer[2], answer[3]

    def _look(self, opens):
        error, value = self.call('WebDriver:ExecuteScript', script=TEXT, args=[opens], sandbox='system')
        assert error is None, error
        return value['value']

    def open(self, url):
        """The code of the warning, "" when the page is shown, and the text."""
        error, _ = self.call('WebDriver:Navigate', url=url)
        if error is None:
            return '', self._look(False)[1]
        self._look(True)
        deadline = time.monotonic() + 20
        while True:
            code, text = self._look(False)
            shown = text.split('Error Code: ')
            if len(shown) > 1 or (code and time.monotonic() > deadline - 17):
                return code or shown[1].split()[0], text
            assert time.monotonic() < deadline, text
            time.sleep(0.1)

    def close(self):
        with contextlib.suppress(OSError, AssertionError):
            self.call('Marionette:Quit', flags=['eForceQuit'])
        self.connection.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@contextlib.contextmanager
def firefox(folder, root):
    one = Firefox(folder, root)
    try:
        yield one
    finally:
        one.close()
