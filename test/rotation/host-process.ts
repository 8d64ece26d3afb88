import express from 'express'
import { createSecurity } from 'sallyport'
import { ada, PASSWORDS } from '../support/host.js'
import type { Told } from '../support/process.js'

/** A host in a process of its own, one of several behind one address; its settings are its one argument, as JSON. */
export interface RotationHostSettings {
  port: number
  /** The address of the front. */
  origin: string
  database: string
  /** Which secrets it has, in their order. */
  secret: [string, ...string[]]
}

const tell = (told: Told): void => void process.send?.(told)
process.on('disconnect', () => process.exit())
const { port, ...options } = JSON.parse(process.argv[2]!) as RotationHostSettings
const find = () => ada
const security = await createSecurity({
  ...options,
  users: { findById: find, findByEmail: find },
  onError: (error) => tell({ error: error instanceof Error ? String(error.stack) : String(error) }),
})
if (!(await security.passwords.exists(ada.id))) await security.passwords.set(ada.id, PASSWORDS[ada.id]!)
const app = express()
app.use(security.router)
app.get('/invoices', security.requireSession(), (req, res) => void res.json({ user: req.security.user }))
app.use(security.errorHandler)
app.listen(port, '127.0.0.1', () => tell({ ready: true }))
