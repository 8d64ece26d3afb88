import { fileURLToPath } from 'node:url'
import { launchChromium } from '../support/chromium.js'
import { gather, type Cast } from './cast.js'
import { picture, type Look } from './looks.js'
import type { Chapter, Scene } from './scene.js'
import { activity } from './scenes/activity.js'
import { closeHosts } from './scenes/guests.js'
import { mails } from './scenes/mails.js'
import { passkeys } from './scenes/passkeys.js'
import { problems } from './scenes/problems.js'
import { recovery } from './scenes/recovery.js'
import { security } from './scenes/security.js'
import { sessions } from './scenes/sessions.js'
import { signIn } from './scenes/sign-in.js'
import { stepUp } from './scenes/step-up.js'
import { twoFactor } from './scenes/two-factor.js'
import { openStage } from './stage.js'

/** Every page in every state, in the order in which they are played and shown. */
export const CHAPTERS: readonly Chapter[] = [
  security,
  activity,
  sessions,
  signIn,
  twoFactor,
  passkeys,
  stepUp,
  recovery,
  mails,
  problems,
]

export const looksOf = ({ alsoAs = [] }: Scene): Look[] => ['desktop', 'phone', 'dark', ...alsoAs]

export interface Play {
  /** Leads to the scene; resolves with how to picture it. */
  enter(scene: Scene): Promise<(look: Look) => Promise<Buffer>>
  close(): Promise<void>
}

const FONTS = fileURLToPath(new URL('../../../test/look/fonts.conf', import.meta.url))

/** The demo, with everybody at their browsers. */
export async function openPlay(): Promise<Play> {
  const chromium = await launchChromium({ FONTCONFIG_FILE: FONTS })
  const stage = await openStage(chromium)
  const close = async () => {
    await chromium.close()
    await Promise.all([stage.close(), closeHosts()])
  }
  let cast: Cast
  try {
    cast = await gather(stage)
  } catch (error) {
    await close()
    throw error
  }
  return {
    enter: async (scene) => {
      const page = await scene.lead(stage, cast)
      await page.getByText(scene.seen).filter({ visible: true }).first().waitFor()
      await page.waitForLoadState()
      return (look) => picture(page, look, scene)
    },
    close,
  }
}
