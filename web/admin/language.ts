/** What was chosen in this browser, and what it begins in. */
import { phoneLanguageOf } from '../kit/session/language.ts';
import { SPOKEN } from './languages.ts';

export const language = phoneLanguageOf('admin', { spoken: SPOKEN });
