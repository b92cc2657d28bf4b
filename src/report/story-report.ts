/** What happened at one reference of a trace, told as a story. */
import { POLICIES } from '../kernel/reclaim/registry.ts';
import { FETCH, STORE } from '../mmu/units.ts';
import { KIND_NAMES } from '../trace/kind-names.ts';
import { MODIFY, type TraceKind, type TraceUnit } from '../trace/reference.ts';
import type { EvictedPage, PageName, ReferenceStory } from '../trace/story.ts';
import { wrap } from './columns.ts';
import { counted, hex, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

/** Pages told one by one; of more there is only the number. */
const CONTENTS_MOST = 32;

export interface StoryFacts {
  readonly unit: TraceUnit;
  /** Bytes; of no meaning where the trace has page numbers. */
  readonly pageBytes: number;
  /** Does the trace say what kind its references are? */
  readonly kinds: boolean;
}

/** For JSON: kinds by their names, null where the trace does not say; no size of pages where they are counted. */
export const storyData = (stories: readonly ReferenceStory[], { unit, pageBytes, kinds }: StoryFacts): object => ({
  unit,
  pageBytes: unit === 'page' ? null : pageBytes,
  stories: stories.map((story) => ({ ...story, kind: kinds ? KIND_NAMES[story.kind] : null })),
});

export function storyLines(stories: readonly ReferenceStory[], facts: StoryFacts, style: Style): string[] {
  const [first] = stories;
  if (first === undefined) return [];
  const verb = facts.kinds ? `${kindText(first.kind)} of page` : 'page';
  const address = facts.unit === 'page' ? '' : `, addresses from ${hex(first.page * BigInt(facts.pageBytes))}`;
  return [
    ` ${paint(style, 'bold', `Reference ${thousands(first.position)}`)}: ${verb} ${pageText(first, facts)}${address}`,
    ...stories.flatMap((story) => ['', ...told(story, facts, style)]),
  ];
}

function kindText(kind: TraceKind): string {
  if (kind === FETCH) return 'a fetch';
  return kind === STORE ? 'a store' : kind === MODIFY ? 'a load and store' : 'a load';
}

/** Pages of addresses in hexadecimal, pages of lists as there. */
function pageText({ page, process }: PageName, { unit }: StoryFacts): string {
  const text = unit === 'page' ? String(page) : hex(page);
  return process === 0 ? text : `${text} of process ${process}`;
}

function told(story: ReferenceStory, facts: StoryFacts, style: Style): string[] {
  const outcome = paint(style, story.hit ? 'green' : 'red', story.hit ? 'hit' : 'miss');
  const sentences = [...beginning(story), ...ending(story, facts)];
  const more = story.contents.length - CONTENTS_MOST;
  const pages = story.contents.slice(0, CONTENTS_MOST).map((held) => {
    const note = held.note === '' ? '' : `(${held.note})`;
    return `${pageText(held, facts)}${held.referenced === true ? '*' : ''}${note}${held.frame === story.hand ? '◄' : ''}`;
  });
  const width = Math.min(style.width, 96) - 6;
  return [
    ` ${paint(style, 'bold', story.policy)}, ${counted(story.frames, 'frame')}: ${outcome}`,
    ...wrap(sentences.join(' '), width).map((line) => `   ${line}`),
    `   ${paint(style, 'dim', `in memory, who would leave first in front${marksText(story)}:`)}`,
    ...wrap(pages.join(' '), width).map((line) => `     ${line}`),
    ...(more > 0 ? [`     ${paint(style, 'dim', `and ${counted(more, 'page')} more`)}`] : []),
  ];
}

/** What stands beside the pages. */
function marksText({ contents, hand }: ReferenceStory): string {
  const marks = [
    ...(contents.some(({ referenced }) => referenced !== null) ? ['* referenced'] : []),
    ...(hand < 0 ? [] : [`◄ the hand, at frame ${hand}`]),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}

function beginning({ hit, frame, fromStart, loadedAt, lastUsedAt, leftAt }: ReferenceStory): string[] {
  if (hit) return [`It is in frame ${frame}, ${originOf(loadedAt)} and ${useOf(lastUsedAt)}.`];
  if (lastUsedAt === null && fromStart)
    return [`It was in memory at the start, but had to leave for reference ${at(leftAt)}.`];
  if (lastUsedAt === null) return ['Nobody referenced it before: no policy avoids this fault.'];
  const left = leftAt === null ? 'it has left since' : `it had to leave for reference ${at(leftAt)}`;
  return [`It was last used by reference ${at(lastUsedAt)}, but ${left}.`];
}

function ending(story: ReferenceStory, facts: StoryFacts): string[] {
  const sentences: string[] = [];
  if (story.victim !== null) {
    const { victim, reason } = story;
    sentences.push(`It takes frame ${story.frame} from page ${pageText(victim, facts)}: ${reason ?? ''}.`);
    sentences.push(lifeOf(victim, story));
  } else if (!story.hit) sentences.push(`Frame ${story.frame} was free.`);
  if (story.surplus.length > 0) {
    const names = story.surplus.map((page) => pageText(page, facts)).join(', ');
    sentences.push(`Without anybody needing room these leave: ${names}.`);
  }
  sentences.push(`So far ${counted(story.faultsSoFar, 'fault')} in ${counted(story.position, 'reference')}.`);
  return sentences;
}

function lifeOf(victim: EvictedPage, { policy }: ReferenceStory): string {
  const next =
    victim.nextUsedAt === null ? 'will never be used again' : `will be used again by ${at(victim.nextUsedAt)}`;
  const future = POLICIES[policy].needsFuture ? `, and ${next}` : '';
  const written = victim.dirty ? 'It is dirty, so it is written back' : 'It is clean, so nothing is written';
  return `That page was ${originOf(victim.loadedAt)}, ${useOf(victim.lastUsedAt)}${future}. ${written}.`;
}

const originOf = (loadedAt: number | null): string =>
  loadedAt === null ? 'in memory at the start' : `loaded by reference ${at(loadedAt)}`;

const useOf = (lastUsedAt: number | null): string =>
  lastUsedAt === null ? 'not used yet' : `last used by ${at(lastUsedAt)}`;

const at = (position: number | null): string => (position === null ? 'none' : thousands(position));
