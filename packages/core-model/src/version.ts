/** Of this program and of every package of it. */
export const KHEISH_VERSION = '0.1.0';
