import { en } from './texts/en.ts';
import { ko } from './texts/ko.ts';

/** The words for people. Every language has the same ones: the compiler says so. Codes are the same in all of them. */
export type Texts = Widened<typeof en>;

/** The words of one language. */
export function textsOf(locale: 'ko' | 'en'): Texts {
  return locale === 'ko' ? ko : en;
}

/** The same shape with any words. */
type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };
