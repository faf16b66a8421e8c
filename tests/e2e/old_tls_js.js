// An https server by tls.js of 2014 (TLS 1.2, RSA key exchange): node old_tls_js.js TREE PORT CERT KEY
// It answers at once to a block that it cannot decrypt: Bleichenbacher's attack. It does not know RFC 5746. TREE has its
// packages; the four of them that want a compiler are done here with Node.js's own functions.
var crypto = require('crypto'), constants = require('constants'), fs = require('fs'), Module = require('module'), path = require('path');

function hmac(digest, key, parts) {
  var h = crypto.createHmac(digest, key);
  parts.forEach(function (part) { h.update(part); });
  return h.digest();
}

function Key(pem) { this.pem = pem; }
Key.prototype.size = function () { return crypto.publicEncrypt(this.pem, new Buffer(1)).length; };
Key.prototype.privateDecrypt = function (out, data, padding) {
  var plain = crypto.privateDecrypt({key: this.pem, padding: padding}, data);
  plain.copy(out);
  return plain.length;
};

// Source: RFC 5246 §5
function prf(out, digest, secret, label, first, second) {
  var seed = Buffer.concat([new Buffer(label), first, second || new Buffer(0)]);
  for (var at = 0, a = seed; at < out.length;) {
    a = hmac(digest, secret, [a]);
    var part = hmac(digest, secret, [a, seed]);
    part.copy(out, at);
    at += part.length;
  }
}

function chained(make) {
  return function (name, key, iv) {
    var one = make(name, key, iv);
    one.setAutoPadding(false);
    return {write: function (out, bytes) { one.update(bytes).copy(out); }};
  };
}

var natives = {
  'raw-rsa': {RSA_PKCS1_PADDING: constants.RSA_PKCS1_PADDING, Key: Key},
  'raw-cipher': {createCipher: chained(crypto.createCipheriv), createDecipher: chained(crypto.createDecipheriv)},
  'prf': {generate: prf},
  'md5-sha1': {}
};
var load = Module._load;
Module._load = function (name) { return natives[name] || load.apply(this, arguments); };

var tls = require(path.join(process.argv[2], 'tls.js'));
// It gives up at signatures that were not known in 2014: here it knows that there are more.
[tls.constants.hashAlgorithm, tls.constants.signatureAlgorithm].forEach(function (names) {
  for (var number = 0; number < 256; number++) names[number] = names[number] || 'unknown';
});
tls.createServer({
  cert: fs.readFileSync(process.argv[4]), key: fs.readFileSync(process.argv[5]), version: 'tls1.2',
  ciphers: ['TLS_RSA_WITH_AES_256_CBC_SHA']
}, function (connection) {
  connection.on('data', function () { connection.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'); });
}).listen(Number(process.argv[3]), '127.0.0.1');
// A record that does not decrypt is an exception there, and nobody's.
process.on('uncaughtException', function () {});
