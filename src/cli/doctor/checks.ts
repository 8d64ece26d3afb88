import * as app from './app.js'
import * as database from './database.js'
import type { Check } from './examination.js'
import * as mail from './mail.js'
import { originIsPublic } from './origin.js'
import * as postgresql from './postgresql.js'
import * as processes from './processes.js'
import * as network from './redis-network.js'
import * as redis from './redis.js'
import type { OpenedRedis } from './redis-connection.js'
import * as secrets from './secrets.js'
import * as sqlite from './sqlite.js'

/** Every check there is, in the order in which they are run and shown; each looks at what its section has opened. */
export const CHECKS = {
  configuration: [originIsPublic, secrets.secretsAreRandom, secrets.secretsDiffer, secrets.oldSecretsAreGone],

  database: [
    database.migrationsAreApplied,
    database.migrationsAreKnown,
    (opened) => database.sealedSecretsHaveKeys(opened),
    mail.mailsAreSent,
  ] satisfies Check<database.OpenedDatabase>[],

  sqlite: [
    sqlite.sqliteIsOnDisk,
    sqlite.sqliteIsWritable,
    sqlite.sqliteHasWal,
    (opened) => sqlite.sqliteIsLocal(opened),
  ] satisfies Check<sqlite.OpenedSqlite>[],

  postgresql: [
    postgresql.postgresqlIsPrimary,
    postgresql.postgresqlCommitsAreKept,
    postgresql.postgresqlSyncsToDisk,
    postgresql.postgresqlIsEncrypted,
    postgresql.postgresqlClockAgrees,
  ] satisfies Check<postgresql.OpenedPostgresql>[],

  redis: [
    redis.redisIsPrimary,
    redis.redisIsAskedRightly,
    redis.redisTakesWrites,
    redis.redisNeverEvicts,
    redis.redisHasMemoryLeft,
    redis.redisPersistence,
    redis.redisReplicasAreWaitedFor,
    redis.redisIsMaintained,
    network.redisIsNear,
    network.redisClockAgrees,
    network.redisAsksForPassword,
    network.redisIsEncrypted,
  ] satisfies Check<OpenedRedis>[],

  mail: [mail.mailIsEncrypted, mail.mailTakesSignIn] satisfies Check<mail.OpenedMail>[],

  app: [
    app.proxyIsTrusted,
    app.signInPageAnswers,
    app.formCookieIsGuarded,
    app.policyIsOurs,
    app.httpsIsKept,
    app.pageIsNotStored,
    app.appClockAgrees,
  ] satisfies Check<app.OpenedApp>[],

  /** Where the page was not had, its headers say nothing. */
  appThatFails: [app.proxyIsTrusted, app.signInPageAnswers, app.appClockAgrees] satisfies Check<app.OpenedApp>[],

  processes: [processes.proxiesAreCounted, processes.processesAgreeOnRedis],
}
