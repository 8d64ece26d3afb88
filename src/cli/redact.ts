const HIDDEN = '[hidden]'
/** Shorter texts are in every other word. */
const SHORTEST = 6
const SECRET_NAME = /secret|passw|token|key|credential|dsn/i
const DEPTH = 4

/** The text without these secrets, and without the password of any address in it. */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  let safe = text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/]*@/gi, `$1:${HIDDEN}@`)
  for (const secret of [...secrets].toSorted((a, b) => b.length - a.length)) safe = safe.replaceAll(secret, HIDDEN)
  return safe
}

/** The values of the environment that must not be printed: passwords in addresses, and what is called a secret. */
export function secretsOfEnvironment(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => secretsOf(name, value, 0))
}

/** The same of options, at any depth; what a client of the host's holds is in its `options`. */
export function secretsOfOptions(options: unknown): string[] {
  return secretsOf('', options, 0)
}

function secretsOf(name: string, value: unknown, depth: number): string[] {
  if (typeof value === 'string') {
    const found = [...passwordsIn(value), ...(SECRET_NAME.test(name) ? [value] : [])]
    return found.filter((secret) => secret.length >= SHORTEST)
  }
  if (typeof value !== 'object' || value === null || depth > DEPTH) return []
  if (Array.isArray(value)) return value.flatMap((each) => secretsOf(name, each, depth + 1))
  const isPlain = Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
  const inside = isPlain ? value : 'options' in value ? { options: value.options } : {}
  return Object.entries(inside).flatMap(([key, each]) => secretsOf(key, each, depth + 1))
}

/** The password of an address, as written and decoded; unless it is no secret, but the name of the user or the service. */
function passwordsIn(address: string): string[] {
  const [, user = '', password] = /^[a-z][a-z0-9+.-]*:\/\/([^\s/:@]*):([^\s/]*)@/i.exec(address) ?? []
  if (!password) return []
  const names = new Set([user, 'postgres', 'redis', 'password', 'sallyport'].map((each) => each.toLowerCase()))
  return [password, decoded(password)].filter((each) => !names.has(each.toLowerCase()))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
