import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CappedText } from '../../text/capped-text.ts';
import type { PageFormat } from './page-layout.ts';
import { type PageEnd, readPage } from './read-page.ts';

interface Read extends PageEnd {
  readonly text: string;
}

async function* inPieces(html: string, size: number): AsyncGenerator<string> {
  for (let from = 0; from < html.length; from += size) yield html.slice(from, from + size);
}

async function read(html: string, format: PageFormat = 'markdown', size = 65_536): Promise<Read> {
  const out = new CappedText(20_000, 65_536);
  const { signal } = new AbortController();
  const reading = { base: 'http://site.test/dir/page', format, signal };
  const end = await readPage(inPieces(html, size), out, reading);
  return { ...end, text: out.toString() };
}

const layouts: readonly (readonly [what: string, html: string, markdown: string, text: string])[] =
  [
    ['white space', '<p> a \n\t b<i> c </i>d ', 'a b *c* d', 'a b c d'],
    ['paragraphs', 'a<p>b</p><p></p><p>c</p>d', 'a\n\nb\n\nc\n\nd', 'a\n\nb\n\nc\n\nd'],
    [
      'lines',
      '<div>a</div><div><div>b</div></div>c<br>d<br><br>e',
      'a\nb\nc\nd\n\ne',
      'a\nb\nc\nd\n\ne',
    ],
    [
      'headings',
      '<h1>a</h1><h3>b <b>c</b></h3>d<h2></h2>',
      '# a\n\n### b **c**\n\nd',
      'a\n\nb c\n\nd',
    ],
    [
      'links',
      '<a href="x?a=1&amp;b=2#c">a</a> <a href=//b.test/>b</a>',
      '[a](http://site.test/dir/x?a=1&b=2#c) [b](http://b.test/)',
      'a b',
    ],
    [
      'a link with blocks in it',
      '<a href=/x><h2>a</h2><p>b<br>c</p></a>',
      '[a b c](http://site.test/x)',
      'a b c',
    ],
    [
      'a link in a link',
      '<a href=/x>a<a href=/y>b</a></a>',
      '[a](http://site.test/x)[b](http://site.test/y)',
      'ab',
    ],
    [
      'links that lead nowhere',
      '<a href=#top>a</a><a>b</a><a href=javascript:x>c</a><a href="data:,x">d</a><a href=http://[>e</a>',
      'abcde',
      'abcde',
    ],
    ['a link without text', 'a<a href=/x><img src=y></a>b', 'ab', 'ab'],
    ['parentheses in a link', '<a href="/x_(y)">a</a>', '[a](http://site.test/x_%28y%29)', 'a'],
    ['a base', '<base href=http://base.test/><a href=x>a</a>', '[a](http://base.test/x)', 'a'],
    [
      'images',
      '<img src=/a.png alt="a  b"> <img src=/b.png><img alt=c src=data:,x>',
      '![a b](http://site.test/a.png)',
      '',
    ],
    [
      'lists',
      '<ul><li>a<li>b<ol><li>c<li>d</ol><li><p>e</p><p>f</p></ul>g',
      '- a\n- b\n  1. c\n  2. d\n- e\n  f\n\ng',
      '- a\n- b\n  1. c\n  2. d\n- e\n  f\n\ng',
    ],
    ['an item without a list', '<li>a<li>b', '- a\n- b', '- a\n- b'],
    ['an item without text', '<ul><li><li>a</ul>', '- a', '- a'],
    [
      'a quote',
      'a<blockquote><p>b</p><p>c</p></blockquote>d',
      'a\n\n> b\n>\n> c\n\nd',
      'a\n\n  b\n\n  c\n\nd',
    ],
    ['code', 'a <code>b</code>', 'a `b`', 'a b'],
    [
      'preformatted',
      'a<pre><code>b  c\n d<br>e</code></pre>f',
      'a\n\n```\nb  c\n d\ne\n```\n\nf',
      'a\n\nb  c\n d\ne\n\nf',
    ],
    [
      'a table',
      '<table><tr><th>a<th>b<tr><td>1<td>2<tr><td><td>3</table>',
      'a | b\n--- | ---\n1 | 2\n | 3',
      'a | b\n1 | 2\n | 3',
    ],
    [
      'a table of blocks',
      '<table><tr><td><p>a</p></td><td></td><td><p>b</p></td></tr></table>c',
      'a | | b\n\nc',
      'a | | b\n\nc',
    ],
    [
      'a table in a table',
      '<table><tr><td>a<td><table><tr><th>b<th>c</table><td>d<tr><td>e</table>',
      'a\n\nb | c\n--- | ---\n\n | d\ne',
      'a\n\nb | c\n\n | d\ne',
    ],
    ['a rule', 'a<hr>b', 'a\n\n---\n\nb', 'a\n\nb'],
    [
      'entities',
      '&lt;b&gt; &amp;amp; &#x41;&eacute;&nosuch; &#0;&#xD800;',
      '<b> &amp; Aé&nosuch; \ufffd\ufffd',
      '<b> &amp; Aé&nosuch; \ufffd\ufffd',
    ],
    [
      'what is not shown',
      'a<script>b</script><style>c</style><template>d</template><noscript>e</noscript><!-- f --><svg><title>g</title></svg><select><option>h</select><dialog>i</dialog>',
      'ae',
      'ae',
    ],
    [
      'what says that it is hidden',
      '<p hidden>a</p><p style="color:red; DISPLAY : none">b<b>c</b></p><p style=visibility:hidden>d</p><input hidden>e<p class=hidden>f',
      'e\n\nf',
      'e\n\nf',
    ],
    ['hidden within hidden', '<div hidden>a<div hidden>b</div>c</div>d', 'd', 'd'],
    ['marks around nothing', '<b></b><b> <i></i></b>a<b>b </b>c', 'a**b** c', 'ab c'],
    [
      'the names of what all objects have',
      '<constructor __proto__=x toString>a</constructor>',
      'a',
      'a',
    ],
  ];

describe('a page', () => {
  test.each(layouts)('%s', async (_what, html, markdown, text) => {
    expect((await read(html)).text).toBe(markdown);
    expect((await read(html, 'text')).text).toBe(text);
  });

  test('is the same in whatever pieces it comes', async () => {
    for (const [, html, markdown] of layouts) {
      expect((await read(html, 'markdown', 1)).text).toBe(markdown);
    }
  });

  test('of any elements is the same in whatever pieces it comes, and its words are all there', async () => {
    const names = 'p div b a ul ol li pre code table tr td th blockquote h1 br hr img'.split(' ');
    const token = fc.oneof(
      fc.constantFrom('word', ' ', '\n', '  \n', '&amp;', '<br>', 'x< '),
      fc.constantFrom(...names).map((name) => `<${name} href=/x src=/y alt=z>`),
      fc.constantFrom(...names).map((name) => `</${name}>`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 40 }), fc.nat(7), async (tokens, size) => {
        const html = tokens.join('');
        const whole = await read(html);
        expect((await read(html, 'markdown', size + 1)).text).toBe(whole.text);
        expect(whole.text.split('word').length).toBe(html.split('word').length);
      }),
      { numRuns: 300 },
    );
  });

  test('has the first title of its head, in one line', async () => {
    const svg = '<svg><title>no</title></svg>';
    expect((await read(`${svg}<title> a\n <b>&amp; </title><title>c</title>`)).title).toBe(
      'a <b>&',
    );
    expect((await read(`<title>${'x'.repeat(1000)}`)).title.length).toBe(500);
  });
});

const M = 300_000;

describe('a hostile page comes to an end', () => {
  test.each([
    ['100,000 elements within each other', '<div>'.repeat(100_000)],
    ['300,000', '<b>'.repeat(M)],
    ['and ends that fit none', `${'<b>'.repeat(500)}${'</i>'.repeat(M / 2)}`],
    ['lists within lists', '<ul><li>'.repeat(500) + 'x<br>'.repeat(200_000)],
    ['drawings within drawings', '<svg><foreignObject>'.repeat(200_000)],
    ['a comment that does not end', `<!--${'x<!--'.repeat(M)}`],
    ['a script that does not end', `<script>${'</scrip'.repeat(700_000)}`],
    ['a title that does not end', `<title>${'</titl'.repeat(800_000)}`],
    ['an attribute of 5 MB', `<a href="${'x'.repeat(5 * M)}">y</a>`],
    ['a style of 5 MB', `<a style="${';display  :  '.repeat(400_000)}">y</a>`],
    ['200,000 attributes', `<a ${Array.from({ length: 200_000 }, (_, i) => `a${i}`).join(' ')}>`],
    ['openings of nothing', '<'.repeat(5 * M)],
    ['tags in tags', '<a <a '.repeat(800_000)],
    ['ends of nothing', '</'.repeat(2 * M)],
    ['entities', '&amp;&#x41;&notit;'.repeat(300_000)],
    ['declarations', '<![CDATA[<!DOCTYPE<?'.repeat(250_000)],
    ['white space', ' \n'.repeat(2 * M)],
    ['breaks', '<br>'.repeat(M)],
    ['cells', `<table><tr>${'<td>'.repeat(M)}x`],
    ['marks that wait for text', `${'<b>'.repeat(500)}<p>`.repeat(5)],
  ])('%s', async (_title, html) => {
    const { text } = await read(html);
    expect(text.length).toBeLessThanOrEqual(20_000);
  });

  test('deeper than it is read: what came before is there, and it is said', async () => {
    const deep = await read(`<p>before</p>${'<div>'.repeat(513)}after`);
    expect(deep).toEqual({ text: 'before', title: '', isTooDeep: true });
    const flat = await read(`${'<div>'.repeat(512)}after`);
    expect(flat).toEqual({ text: 'after', title: '', isTooDeep: false });
  });

  test('others get their turns meanwhile, and an abort ends it', async () => {
    const abort = new AbortController();
    let turns = 0;
    const turn = () => {
      turns += 1;
      if (turns === 20) abort.abort(new Error('over'));
      else setImmediate(turn);
    };
    setImmediate(turn);
    const out = new CappedText(20_000, 65_536);
    const reading = { base: 'http://site.test/', format: 'text', signal: abort.signal } as const;
    const page = readPage(inPieces('<b></b>'.repeat(M), 7 * M), out, reading);
    await expect(page).rejects.toThrow('over');
    expect(turns).toBe(20);
  });

  test('a full answer ends the reading', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) yield `<p>${'word '.repeat(1000)} ${(asked += 1)}`;
    }
    const out = new CappedText(20_000, 65_536);
    const { signal } = new AbortController();
    await readPage(endless(), out, { base: 'http://site.test/', format: 'text', signal });
    expect([out.isCut, out.toString().length, asked]).toEqual([true, 20_000, 4]);
  });
});
