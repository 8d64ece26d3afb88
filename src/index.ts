export { createSecurity } from './security.js'
export type { PassportStrategy, Security } from './api.js'
export type {
  HashingOptions,
  KeyOptions,
  PageOptions,
  PasswordOptions,
  SecurityOptions,
  SessionOptions,
  SecureAccountOptions,
  ThrottleOptions,
  TwoFactorOptions,
} from './options.js'
export { ConfigurationError, FormError, SecurityError, type ErrorCode, type FieldErrors } from './core/errors.js'
export type { Clock } from './core/clock.js'
export type { Duration } from './core/durations.js'
export type { EventAction, EventCatalogue, SecurityEvent } from './core/events.js'
export type { Mail, MailKind, NoticeKind } from './core/mail.js'
export type { ApiKeyOptions } from './core/guard-options.js'
export type { StepUpOptions } from '../middleware/step-up-options.js'
export type { RateLimitOptions } from '../middleware/rate-limit-options.js'
export type { SessionReason } from './core/reasons.js'
export type { CurrentSession, RequestSecurity, SessionUser } from './core/request-security.js'
export type { PasskeyRequestOptions } from './core/passkey-options.js'
export type { PasswordStrategyOptions } from './core/strategy-options.js'
export type { AuthenticationMethod, HostUser, HostUsers } from './core/users.js'
export type { PasswordPreset, PasswordRule } from './features/passwords/rules.js'
export type {
  ActivityModel,
  ContinueModel,
  DeviceView,
  EnrolmentRequiredModel,
  ErrorModel,
  EventView,
  Flash,
  ForgotPasswordModel,
  LinkDeadModel,
  NavigationEntry,
  NotMeModel,
  PageContext,
  PageModel,
  PasskeyView,
  PasswordModel,
  RecoveryCodesModel,
  RenderPage,
  ResetPasswordModel,
  RevokeModel,
  RuleView,
  SecureAccountModel,
  SecurityModel,
  SessionView,
  SessionsModel,
  SignInModel,
  StepUpModel,
  TotpEnrolModel,
  TrustedBrowserView,
  TwoFactorModel,
  TwoFactorSignInModel,
  UserView,
  Views,
} from '../views/models.js' // each by its name: TypeScript 4.9 knows no other way
export type { MailModel } from '../views/mails.js'
export type { MessageKey, MessageParams, Messages, OwnMessages } from '../views/messages/keys.js'
export type { Words } from '../views/words.js'
import '../middleware/express.js'
export type { SecondFactorStrategyOptions } from '../strategies/second-factor-options.js'
