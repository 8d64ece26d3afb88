import express from 'express'
import helmet from 'helmet'
import { freePort } from '../test/support/services.js'
import { isVariantName, variants } from './variants.js'

/**
 * One variant in a process of its own: `node server.js <variant>`, with REDIS_URL, POSTGRES_URL and FOLDER in the environment. Prints
 * `ready <port>`. SIGTERM ends it by `process.exit`, so that a profile which was asked for is written.
 */
const [, , name] = process.argv
const { REDIS_URL: redis, POSTGRES_URL: postgres, FOLDER: folder } = process.env
if (!isVariantName(name) || !redis || !postgres || !folder) throw new Error('run bench/main.js; it starts the servers')
process.once('SIGTERM', () => process.exit(0))

const port = await freePort()
const app = express()
app.use(helmet())
await variants[name].wire(app, { port, redis, postgres, folder })
app.listen(port, '127.0.0.1', () => console.log(`ready ${port}`))
