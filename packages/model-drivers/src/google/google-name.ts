/** The driver's name, as routes and transcripts write it. */
export const GOOGLE = 'google';
