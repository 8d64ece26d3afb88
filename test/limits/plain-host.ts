import { lookup } from 'node:dns/promises'
import { stat } from 'node:fs/promises'
import express, { type RequestHandler } from 'express'
import { handle } from '../../middleware/handle.js'
import { tell } from '../race/barriers.js'

/** A plain Express app without Sallyport, which answers every sign-in of a crowd with 503 at once: what that alone costs. */
const { port } = JSON.parse(process.argv[2]!) as { port: number }
const PAGE = Buffer.alloc(4_500, 'a')

const refuse: RequestHandler = (req, res) => {
  const ofTheCrowd = req.get('x-forwarded-for')?.startsWith('198.18.')
  res.writeHead(ofTheCrowd ? 503 : 422, { 'Retry-After': '2', 'Content-Length': PAGE.length }).end(PAGE)
}
const app = express()
app.get('/security/sign-in', (_req, res) => void res.cookie('visitor', '1').json({ csrfToken: 'any' }))
app.post('/security/sign-in', refuse)
app.get(
  '/unrelated',
  handle(async (_req, res) => {
    // the same work as in the host that is compared
    const [{ address }, { size }] = await Promise.all([lookup('localhost'), stat('package.json')])
    res.send(`${address} ${size}`)
  }),
)
const server = app.listen(port, '127.0.0.1', () => tell({ ready: true }))
server.keepAliveTimeout = 60_000
process.once('disconnect', () => process.exit())
