// The plainest server that answers HTTP: what asks it is measured, not it. Prints its port, and stays
// until whoever started it is gone.
import { createServer } from 'node:net'

const body = 'x'.repeat(512)
const answer = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy()).on('data', () => socket.write(answer))
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.({ port: server.address().port })
})
process.on('disconnect', () => process.exit(0))
