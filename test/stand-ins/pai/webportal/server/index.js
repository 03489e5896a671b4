// A stand-in: listens where the webportal would, and answers every request with its name.
const http = require('node:http');

const server = http.createServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end('stand-in for webportal\n');
});
server.listen(Number(process.env.SERVER_PORT));
process.on('SIGTERM', () => process.exit(0));
