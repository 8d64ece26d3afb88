import { compareSync, hashSync } from 'bcryptjs'
import { DatabaseSync } from '@photostructure/sqlite'
import express from 'express'
import session from 'express-session'

const db = new DatabaseSync(process.env.APP_DATABASE)
db.exec('create table if not exists users (id integer primary key, email text unique, name text, hash text)')
const add = db.prepare('insert or ignore into users (email, name, hash) values (?, ?, ?)')
add.run('ada@acme.test', 'Ada Lindqvist', hashSync('ada has one of her own', 4))
add.run('grace@acme.test', 'Grace Okafor', hashSync('grace has another one', 4))
const findById = (id) => db.prepare('select * from users where id = ?').get(Number(id)) ?? null
const findByEmail = (email) => db.prepare('select * from users where email = ?').get(email) ?? null
const verifyPassword = (user, password) => compareSync(password, user.hash)

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: true }))

app.get('/', (req, res) => {
  const user = req.session.userId ? findById(req.session.userId) : null
  res.send(user ? `Hello ${user.name}` : 'Hello visitor')
})
app.get('/login', (req, res) => res.send('<form method="post"><input name="email"><input name="password"></form>'))
app.post('/login', (req, res, next) => {
  const user = findByEmail(req.body.email)
  if (!user || !verifyPassword(user, req.body.password)) return res.redirect('/login')
  req.session.userId = user.id
  res.redirect('/')
})
app.post('/logout', (req, res) => req.session.destroy(() => res.redirect('/')))
app.get('/invoices', (req, res) => (req.session.userId ? res.json({ invoices: [] }) : res.redirect('/login')))

app.listen(process.env.PORT, '127.0.0.1', () => console.log('ready'))
