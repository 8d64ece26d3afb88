const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { Strategy } = require('passport-local')
const users = require('./users.cjs')

passport.use(
  new Strategy({ usernameField: 'email' }, (email, password, done) => {
    const user = users.findByEmail(email)
    done(null, user && user.password === password ? user : false)
  }),
)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, users.findById(id)))

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }))
app.use(passport.session())

const routes = express.Router()
routes.get('/', (req, res) => res.send(req.user ? `Hello ${req.user.name}` : 'Hello visitor'))
routes.get('/login', (req, res) => res.send('<form method="post"><input name="email"><input name="password"></form>'))
routes.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }))
routes.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
routes.get('/invoices', (req, res) => (req.user ? res.json({ invoices: [] }) : res.redirect('/login')))

app.use(routes)
app.listen(process.env.PORT, '127.0.0.1', () => console.log('ready'))
