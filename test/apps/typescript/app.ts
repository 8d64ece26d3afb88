import express, { type Request, type Response } from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import { Strategy } from 'passport-local'

interface Person {
  id: string
  email: string
  name: string
  password: string
}

declare global {
  namespace Express {
    interface User extends Person {}
  }
}

const people: Person[] = [
  { id: 'a3f1', email: 'ada@acme.test', name: 'Ada Lindqvist', password: 'ada has one of her own' },
  { id: '9c02', email: 'grace@acme.test', name: 'Grace Okafor', password: 'grace has another one' },
]
const findById = (id: string) => people.find((person) => person.id === id) ?? null
const findByEmail = (email: string) => people.find((person) => person.email === email) ?? null

const passport = new Passport()
passport.use(
  new Strategy({ usernameField: 'email' }, (email, password, done) => {
    const person = findByEmail(email)
    done(null, person?.password === password ? person : false)
  }),
)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id: string, done) => done(null, findById(id)))

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }))
app.use(passport.session())

const invoices = (req: Request, res: Response) => void res.json({ of: req.user?.name, invoices: [] })

app.get('/', (req, res) => void res.send(req.user ? `Hello ${req.user.name}` : 'Hello visitor'))
app.get('/login', (_req, res) => void res.send('<form method="post">...</form>'))
app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }))
app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
app.get('/invoices', invoices)

app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'))
