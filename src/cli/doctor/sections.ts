import { statesTold } from '../../stores/sql/state.js'
import { openToLook, placeOf, type Place } from '../database.js'
import { explainDatabase } from '../database-failure.js'
import { explain, shownAddress } from '../network.js'
import { CHECKS } from './checks.js'
import type { OpenedDatabase } from './database.js'
import { runChecks, type Found, type Subject } from './examination.js'
import { ok, problem, warning, type Finding } from './finding.js'
import { greet } from './smtp.js'

export async function examineDatabase({ options, config, nodeEnv }: Subject): Promise<Found> {
  const place = placeOf(options)
  const about = place.shown
  const gone = (error: unknown): Finding => {
    const { seen, change } = explainDatabase(place, error)
    return problem('sql_reachable', seen, change)
  }
  const db = await openToLook(place).catch(gone)
  if (db === null) return { about, findings: [NO_FILE] }
  if ('level' in db) return { about, findings: [db] }
  try {
    const { clock, envelopes } = config
    const opened = { db, clock, nodeEnv, autoMigrate: options.autoMigrate !== false, envelopes }
    const findings = [
      ok('sql_reachable', 'it answers'),
      ...(await runChecks(CHECKS.database, { ...opened, place }, gone)),
      ...(await ofDialect(opened, place, gone)),
    ]
    return { about, findings }
  } finally {
    await db.destroy()
  }
}

const NO_FILE = problem(
  'sql_reachable',
  'there is no such file (a relative path counts from the folder in which the app is started)',
  'run doctor in the folder of the app; on a new installation run: npx sallyport migrate',
)

function ofDialect(
  opened: Omit<OpenedDatabase, 'place'>,
  place: Place,
  gone: (error: unknown) => Finding,
): Promise<Finding[]> {
  return place.dialect === 'sqlite'
    ? runChecks(CHECKS.sqlite, { ...opened, place }, gone)
    : runChecks(CHECKS.postgresql, { ...opened, place }, gone)
}

const NO_MAIL = warning(
  'mail_set',
  'no mail option: nobody is told of changes to an account, and nobody gets a link to reset a password',
  "write mail: process.env.SMTP_URL, an address such as 'smtp://smtp.example.com:587'",
)

const OWN_FUNCTION = ok('mail_set', 'a function of yours sends the mails')

export async function examineMail({ config }: Subject): Promise<Found> {
  if (!config.mail) return { findings: [NO_MAIL] }
  if (typeof config.mail === 'function') return { findings: [OWN_FUNCTION] }
  const about = shownAddress(config.mail)
  try {
    const opened = { url: new URL(config.mail), answer: await greet(config.mail) }
    return {
      about,
      findings: [
        ok('mail_reachable', 'it greets and knows EHLO'),
        ...(await runChecks(CHECKS.mail, opened, mailIsGone)),
      ],
    }
  } catch (error) {
    return { about, findings: [mailIsGone(error)] }
  }
}

function mailIsGone(error: unknown): Finding {
  const { seen, advice } = explain(error)
  return problem('mail_reachable', seen, advice ?? 'correct mail (SMTP_URL): smtp:// with 587 or 25, smtps:// with 465')
}

/** Comes after the app was asked: what it told then can be read now. */
export async function examineProcesses({ options, config }: Subject): Promise<Found> {
  const told = await toldIn(placeOf(options))
  if (!told) return { findings: [], notChecked: 'what they tell is in the database: see there' }
  const findings = CHECKS.processes.flatMap((check) => check({ told, options, config }) ?? [])
  const notChecked =
    findings.length > 0 ? null : 'no process has told anything yet: ask the app for a page of Sallyport'
  return { findings, notChecked }
}

async function toldIn(place: Place): Promise<Map<string, number> | null> {
  const db = await openToLook(place).catch(() => null)
  if (!db) return null
  try {
    return await statesTold(db)
  } catch {
    return null // no table yet
  } finally {
    await db.destroy()
  }
}
