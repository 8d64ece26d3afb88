import type { Page } from 'playwright-core'

/** Chromium's own authenticator for tests, over the DevTools protocol (WebAuthn domain). */
export interface VirtualAuthenticator {
  credentials(): Promise<{ credentialId: string; signCount: number }[]>
  /** Whether its user is there and confirms by themselves. */
  present(yes: boolean): Promise<void>
  /** Whether its user can be verified: finger, face or PIN. */
  verified(yes: boolean): Promise<void>
}

export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    present: async (enabled) => {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    verified: async (isUserVerified) => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
