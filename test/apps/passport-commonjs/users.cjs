// The users of the app. A real one has a table; what matters here is that it had one before.
const users = [
  { id: 1, email: 'ada@acme.test', name: 'Ada Lindqvist', password: 'ada has one of her own' },
  { id: 2, email: 'grace@acme.test', name: 'Grace Okafor', password: 'grace has another one' },
]

exports.findById = (id) => users.find((user) => user.id === Number(id)) ?? null
exports.findByEmail = (email) => users.find((user) => user.email === email) ?? null
