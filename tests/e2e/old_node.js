// An https server in the language of Node.js 0.8: node old_node.js PORT CERT KEY [METHOD [CIPHERS]]
var fs = require('fs'), https = require('https');
var options = {cert: fs.readFileSync(process.argv[3]), key: fs.readFileSync(process.argv[4])};
if (process.argv[5]) options.secureProtocol = process.argv[5];
if (process.argv[6]) options.ciphers = process.argv[6];
https.createServer(options, function (request, response) {
  response.writeHead(200, {'Content-Type': 'text/plain', 'Content-Length': '0'});
  response.end();
}).listen(Number(process.argv[2]), '127.0.0.1');
