/** Old hashes of one password, written by the tools that their names tell of (Python's hashlib, bcryptjs, argon2). */
export const LEGACY_PASSWORD = 'Correct-Horse-7-Battery'

export const LEGACY_HASHES: Record<string, string> = {
  'django pbkdf2_sha256': 'pbkdf2_sha256$20000$seasalt2$9QSfc9yx1xtjJ6VguHvk80bXuknhID27gGuTMOVCWuc=',
  'django pbkdf2_sha1': 'pbkdf2_sha1$20000$seasalt2$202VhScIMUGKb2lWXmAgM7/AoKY=',
  'django scrypt':
    'scrypt$16384$seasalt2$8$5$08YwkuoX0nAHnQ5hOvUFTSRIY78BpgG7rJtX+TqAU+uPqiQ7+Y/f01NQYnCjj7MWsVF3AvbvQ/VO/o+DRPqp3g==',
  'passlib pbkdf2-sha256': '$pbkdf2-sha256$29000$yMnKy8zNzs/Q0dLT1NXW1w$PEWrC2PoSU09s7IQMOlEkJOTTGtJG/vaSsMLvL6vyXk',
  'passlib pbkdf2 (sha1)': '$pbkdf2$29000$yMnKy8zNzs/Q0dLT1NXW1w$epUR3UaPZx.eplJaQJKpcOtzrds',
  'passlib pbkdf2-sha512':
    '$pbkdf2-sha512$25000$yMnKy8zNzs/Q0dLT1NXW1w$16l1PMHXOpULm8bgJ482mLO3CnlqDtMzYcSQsQkHw6/1OTvJTCWYKo98CyZxvp6onBtRFAxRrerDEfQh1gabAQ',
  'passlib scrypt': '$scrypt$ln=14,r=8,p=1$yMnKy8zNzs/Q0dLT1NXW1w$NrsgYwT2dPt/PRZpd5hnO+OJWk2lfXh02VWyefF7PXw',
  argon2i: '$argon2i$v=19$m=16384,t=2,p=2$H2J6ucA8MQ/oYz2I5Emqgw$U1nftanYxV+qXsbN7c85+DOaONYoJ/rNUN8v/rW68zo',
  'Laravel argon2id':
    '$argon2id$v=19$m=16384,t=2,p=2$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  'Django argon2':
    'argon2$argon2id$v=19$m=16384,t=2,p=2$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  'bcrypt 2b': '$2b$08$g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW',
  'bcrypt 2a': '$2a$08$g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW',
  'Laravel bcrypt 2y': '$2y$08$g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW',
  'Django bcrypt': 'bcrypt$$2b$08$g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW',
  'Django bcrypt_sha256': 'bcrypt_sha256$$2b$08$UmJUVDjV/vXls5ORQkxfqeKKstWOUUVJV8P8kZVhMegIhlSH.tqxa',
}

/** Of the tools' own manuals and tests: password and hash. */
export const PUBLISHED: Record<string, [password: string, hash: string]> = {
  Laravel: ['password', '$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi'],
  passlib: [
    'toomanysecrets',
    '$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk',
  ],
  'passlib, scrypt': [
    'password',
    '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  ],
  Django: ['lètmein', 'pbkdf2_sha256$24000$seasalt$V9DfCAVoweeLwxC/L2mb+7swhzF0XYdyQMqmusZqiTc='],
}

const BCRYPT = 'g2d/dCd0ZgleU2WEc17hIOrF6WLssg4SAJcL6kiabEr470LUJgosW'

/** What must not be taken for a hash, or would cost more than a sign-in may. */
export const REFUSED_HASHES: readonly string[] = [
  'x',
  '5f4dcc3b5aa765d61d8327deb882cf99',
  'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99',
  '!',
  LEGACY_PASSWORD,
  `$2b$31$${BCRYPT}`,
  `$2b$16$${BCRYPT}`,
  `$2b$03$${BCRYPT}`,
  `$2x$08$${BCRYPT}`,
  `$2b$08$${BCRYPT}A`,
  '$argon2id$v=19$m=4194304,t=2,p=1$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  '$argon2id$v=19$m=16384,t=9999,p=1$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  '$argon2id$v=19$m=262144,t=16,p=1$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  '$argon2id$v=19$m=16384,t=0,p=2$N4qoRdP44ht7ULKvWbB2Zg$HUy1/YpWFU0G1/HTN/IR1xcrUjcy92zFKXYbERPDBWk',
  '$scrypt$ln=30,r=8,p=1$yMnKy8zNzs/Q0dLT1NXW1w$NrsgYwT2dPt/PRZpd5hnO+OJWk2lfXh02VWyefF7PXw',
  '$scrypt$ln=14,r=8,p=999$yMnKy8zNzs/Q0dLT1NXW1w$NrsgYwT2dPt/PRZpd5hnO+OJWk2lfXh02VWyefF7PXw',
  '$scrypt$ln=14,r=0,p=1$yMnKy8zNzs/Q0dLT1NXW1w$NrsgYwT2dPt/PRZpd5hnO+OJWk2lfXh02VWyefF7PXw',
  'scrypt$16383$seasalt2$8$5$08YwkuoX0nAHnQ5hOvUFTSRIY78BpgG7rJtX+TqAU+uPqiQ7+Y/f01NQYnCjj7MWsVF3AvbvQ/VO/o+DRPqp3g==',
  'pbkdf2_sha256$999999999$seasalt2$9QSfc9yx1xtjJ6VguHvk80bXuknhID27gGuTMOVCWuc=',
  'pbkdf2_sha256$0$seasalt2$9QSfc9yx1xtjJ6VguHvk80bXuknhID27gGuTMOVCWuc=',
  // nothing to compare with, or next to nothing: anybody's password would be right
  'pbkdf2_sha256$20000$seasalt2$',
  'pbkdf2_sha256$20000$seasalt2$9Q==',
  '$pbkdf2-sha256$29000$yMnKy8zNzs$.',
  `pbkdf2_sha256$20000$${'s'.repeat(2000)}$9QSfc9yx1xtjJ6VguHvk80bXuknhID27gGuTMOVCWuc=`,
]
