/** The billing app's own users table. It existed before Sallyport and knows nothing of it. */
export interface Person {
  id: string
  email: string
  name: string
  company: string
}

export const people: readonly Person[] = [
  { id: 'u1', email: 'ada@acme.test', name: 'Ada Lindqvist', company: 'Acme' },
  { id: 'u2', email: 'grace@acme.test', name: 'Grace Okafor', company: 'Acme' },
  { id: 'u3', email: 'edsger@acme.test', name: 'Edsger Maas', company: 'Acme' },
  { id: 'u4', email: 'tove@globex.test', name: 'Tove Halvorsen', company: 'Globex' },
  { id: 'u5', email: 'lin@initech.test', name: 'Lin Nakamura', company: 'Initech' },
]

/** Passwords of the demo; Tove has none, her organization's identity provider signs her in. */
export const demoPasswords: Readonly<Record<string, string>> = {
  u1: 'Correct-Horse-7-Battery',
  u2: 'Purple-Lantern-42-Sails',
  u3: 'Quiet-Harbour-93-Lamps',
  u5: 'Copper-Kettle-58-Winds',
}

export const findById = (id: string) => people.find((person) => person.id === id) ?? null
export const findByEmail = (email: string) => people.find((person) => person.email === email.toLowerCase()) ?? null
