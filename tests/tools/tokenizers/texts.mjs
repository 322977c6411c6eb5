// Texts for the tokenizer tests, made from a seed: many scripts, emoji, digits, code, white space, broken UTF-16, look-alikes of special tokens, long runs.
// Used by vocabularies.mjs (training texts) and goldens.mjs (test texts); not run by itself.

/** A small seeded generator (mulberry32): next() is a number in [0, 1). */
export function generator(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6D2B79F5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = n => Math.floor(next() * n);
    const pick = list => list[below(list.length)];
    const times = (low, high, make) => Array.from({ length: low + below(high - low + 1) }, make);
    return { next, below, pick, times };
}

const words = ('the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she ' +
    'there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two ' +
    'may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down ' +
    'should because long each just state those people too mr how little good world make very year still see own work men day get here old between both life being ' +
    'under three never know same last another while us might great go come since against right came take used himself few house use place during high without ' +
    'again home around small however found part school once general upon every does got united left number course war until always away something fact water less ' +
    'public put think almost hand enough far took head yet government system set better told nothing night end why called eyes find going look asked later knew ' +
    'sum difference product answer therefore apples minutes hours dollars each half twice total remaining equals').split(' ');

const endings = ['', '', '', 's', 'ed', 'ing', 'er', 'ly', "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", 'ness', 'tion'];

// First and last code point of parts of Unicode with many letters, and what separates words there.
const scripts = [
    [0x61, 0x7A, ' '], [0x41, 0x5A, ' '], [0xC0, 0x17F, ' '], [0x180, 0x24F, ' '], [0x250, 0x2AF, ' '], [0x370, 0x3FF, ' '], [0x400, 0x4FF, ' '],
    [0x531, 0x587, ' '], [0x5D0, 0x5EA, ' '], [0x591, 0x5EA, ' '], [0x620, 0x66F, ' '], [0x600, 0x6FF, ' '], [0x710, 0x74A, ' '], [0x780, 0x7B1, ' '],
    [0x7C0, 0x7EA, ' '], [0x900, 0x97F, ' '], [0x980, 0x9E3, ' '], [0xA05, 0xA74, ' '], [0xA85, 0xAE3, ' '], [0xB05, 0xB63, ' '], [0xB85, 0xBCD, ' '],
    [0xC05, 0xC63, ' '], [0xC85, 0xCE3, ' '], [0xD05, 0xD63, ' '], [0xD85, 0xDDF, ' '], [0xE01, 0xE5B, ''], [0xE81, 0xEDD, ''], [0xF00, 0xFBC, '་'],
    [0x1000, 0x109F, ''], [0x10A0, 0x10FF, ' '], [0x1100, 0x11FF, ''], [0x1200, 0x137C, '፡'], [0x13A0, 0x13FD, ' '], [0x1401, 0x166C, ' '],
    [0x1680, 0x169A, ' '], [0x16A0, 0x16EA, ' '], [0x1780, 0x17E9, ''], [0x1820, 0x1878, ' '], [0x1C50, 0x1C7F, ' '], [0x1E00, 0x1EFF, ' '],
    [0x1F00, 0x1FFE, ' '], [0x2C00, 0x2C5F, ' '], [0x2D30, 0x2D67, ' '], [0x3041, 0x3096, ''], [0x30A1, 0x30FA, ''], [0x3105, 0x312F, ''],
    [0x3400, 0x4DBF, ''], [0x4E00, 0x9FFF, ''], [0x4E00, 0x5200, '，'], [0xA000, 0xA48C, ' '], [0xA500, 0xA62B, ' '], [0xAC00, 0xD7A3, ' '], [0xAC00, 0xB200, ' '],
    [0xF900, 0xFAD9, ''], [0xFB00, 0xFB4F, ' '], [0xFB50, 0xFDFF, ' '], [0xFE70, 0xFEFC, ' '], [0xFF01, 0xFF9F, ''], [0x10000, 0x100FA, ' '],
    [0x10330, 0x1034A, ' '], [0x10400, 0x1044F, ' '], [0x10A00, 0x10A48, ' '], [0x11000, 0x1106F, ' '], [0x12000, 0x12399, ' '], [0x13000, 0x1342F, ''],
    [0x1D400, 0x1D7FF, ' '], [0x1E900, 0x1E959, ' '], [0x20000, 0x2A6DF, ''], [0x2F800, 0x2FA1D, ''], [0x2000, 0x206F, ' '], [0x20A0, 0x20C0, ''],
    [0x2100, 0x218B, ' '], [0x2190, 0x23FF, ' '], [0x2460, 0x24FF, ' '], [0x2500, 0x27BF, ''], [0x2900, 0x2BFF, ' '], [0x3000, 0x303F, ''], [0x3200, 0x33FF, ''],
];

const digitBlocks = [0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xE50, 0x17E0, 0xFF10, 0x1D7CE, 0x1FBF0, 0x2460, 0x2080, 0x2150, 0x2160, 0x3220, 0xB2, 0xBC];

const spaces = [' ', ' ', ' ', '  ', '\n', '\n', '\r\n', '\r', '\t', '\v', '\f', '\x1c', '\x1f', '\x85', '\xa0', '\u1680', '\u180e', '\u2000', '\u2003', '\u2009', '\u200a', '\u200b',
    '\u200d', '\u2028', '\u2029', '\u202f', '\u205f', '\u2060', '\u3000', '\ufeff', '\0'];

const emoji = ['😀', '😂', '🤖', '👍', '👍🏽', '👩‍🔬', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪', '🇯🇵', '🇺', '1️⃣', '#️⃣', '❤️', '❤', '☎', '♠︎', '🫠', '🧑🏿‍🦱', '🪿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '✈️', '🥲'];

const marks = ['\u0300', '\u0301', '\u0302', '\u0303', '\u0308', '\u030A', '\u0323', '\u0327', '\u0328', '\u031B', '\u0345', '\u0338', '\u0316', '\u0334', '\u05B0', '\u05BC', '\u064B', '\u0651',
    '\u093C', '\u094D', '\u09BE', '\u0DCF', '\u0F71', '\u0F72', '\u0F74', '\u3099', '\u309A', '\u1161', '\u11A8', '\u20DD', '\u{1D165}', '\u{1D16E}', '\u{110BA}'];

const composing = ['a', 'e', 'E', 'u', 'A', 'o', 's', 'd', 'Å', 'ü', 'ǖ', 'ṩ', 'ệ', '\u212B', '\u2126', '\u0958', '\u0344', '\u0390', 'α', 'ᾳ', 'ᾴ', '\u1100', '\u1112', '가', '각', 'か', 'ハ', 'う', 'क', 'ড', 'ো', 'ே', 'ෙ', '\u0F40', '\uFB1D', '\uF900', '\u2ADC',
    '\u{1109B}', '\u{1D15F}', '≠', '=', '<', '≮', 'ﬁ', 'ŉ', '\u01C4', '\u0374', '\u037E', '\u2000', '\u{2F81A}'];

const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|begin_of_text|>', '<|eot_id|>', '<s>', '</s>', '<unk>', '<think>', '</think>', '<mask>', '<mark>', '<tool>', '<tool_call>', '<0x41>', '<0xE2>', '<0xe2>', '▁', 'Ġ', 'Ċ', 'é<é>', 'e\u0301<é>',
    '<|end', '|>', '<|', '<<s>>', '<|im_start|><|im_end|>', ' <mask> ', '  <mask>  ', 'x<word>', '<word>', ' <word>!', '<word>y'];

const code = ['for i in range(10):\n    print(i)\n', 'if (x == 0) { return; }', 'int[] a = new int[n];', '\tfoo->bar(baz);\n\n', '"key": [1, 2.5e-3, null],\n  ', 'let f x = x |> g', '<div class="a">\n  <p>text</p>\n</div>', 'SELECT * FROM t WHERE a >= 10;',
    '\\frac{1}{2} + \\sqrt{x^2}', '$$\\int_0^1 f(x)\\,dx$$', '#include <stdio.h>\r\n', '// comment\n', "s = 'it''s'\n", 'x_1 += y[i]**2  # done\n\n\n', '!= <= >= && || ?? ::', '0xFF 1_000_000 3.14159', "don't can't I'M YOU'RE we'LL 'S 'ſ they'Ve", 'camelCaseName snake_case_name CONST_NAME'];

/** The kinds of text; each takes a generator. */
export const kinds = {
    english: r => r.times(1, 14, () => { const w = r.pick(words) + r.pick(endings); const x = r.next(); return x < .1 ? w.toUpperCase() : x < .25 ? w[0].toUpperCase() + w.slice(1) : w; }).join(' ') + r.pick(['.', '!', '?', '', ',', '...', '\n']),
    script: r => { const [low, high, space] = r.pick(scripts); return r.times(1, 6, () => String.fromCodePoint(...r.times(1, 8, () => low + r.below(high - low + 1)))).join(space); },
    scripts: r => r.times(2, 4, () => kinds.script(r)).join(r.pick(['', ' ', '\n'])),
    digits: r => r.times(1, 5, () => { const base = r.pick(digitBlocks); return r.times(1, 9, () => String.fromCodePoint(base + r.below(10))).join(''); }).join(r.pick(['', ' ', ',', '.', ' + ', 'a', '\n'])),
    arithmetic: r => `${r.below(1000)}${r.pick([' + ', '-', ' * ', '/'])}${r.below(100000)} = ${r.below(10000000)}${r.pick(['', '.', ' apples', '%', '\n', ' $'])}`,
    emoji: r => r.times(1, 6, () => r.pick(emoji)).join(r.pick(['', '', ' ', 'a'])),
    spaces: r => r.times(1, 8, () => r.next() < .6 ? r.times(1, 4, () => r.pick(spaces)).join('') : r.pick([...words, '1', '!', "'s", '.', 'É', '日'])).join(''),
    code: r => r.times(1, 3, () => r.pick(code)).join(r.pick(['', '\n', ' ', '    '])),
    marks: r => r.times(1, 6, () => r.pick(composing) + r.times(0, 5, () => r.pick(marks)).join('')).join(r.pick(['', ' '])),
    specials: r => r.times(1, 6, () => r.next() < .5 ? r.pick(specials) : r.pick([' ', '  ', '\n', 'a', 'the', ' the ', 'e\u0301', '!'])).join(''),
    anything: r => String.fromCodePoint(...r.times(1, 12, () => { let c; do c = r.below([0x80, 0x3000, 0x10000, 0x110000][r.below(4)]); while (c >= 0xD800 && c < 0xE000); return c; })),
    broken: r => r.times(1, 8, () => r.pick(['\uD83D', '\uDE00', '\uD800', '\uDFFF', '\uDBFF\uDFFF', '😀', 'a', ' ', 'é', "'s", '1', '\n'])).join(''),
    contractions: r => r.times(1, 5, () => r.pick(['I', ' you', 'he', '', ' ', 'É', '1', "'", '\n']) + r.pick(["'", "'", "'", '’', "''"]) + r.pick(['s', 't', 're', 've', 'm', 'll', 'd', 'S', 'T', 'RE', 'Ve', 'M', 'lL', 'D', 'ſ', 'r', 'v', 'l', 'sun', 'LLama', 'ß', 'K'])).join(''),
    mixed: r => r.times(2, 4, () => kinds[r.pick(['english', 'script', 'digits', 'emoji', 'spaces', 'code', 'marks', 'anything', 'contractions'])](r)).join(''),
};

/** Texts of every kind in turn. */
export function texts(seed, count, names = Object.keys(kinds)) {
    const r = generator(seed);
    return Array.from({ length: count }, (_, i) => kinds[names[i % names.length]](r));
}

/** Every character below U+0250 by itself and in company, and long runs of one thing. */
export function fixedTexts() {
    const fixed = [''];
    for (let c = 0; c < 0x250; c++) fixed.push(String.fromCharCode(c));
    for (let c = 0; c < 0x80; c++) for (const f of [x => ` ${x}a`, x => `a${x}1`, x => `\n${x} `, x => `'${x}'s`]) fixed.push(f(String.fromCharCode(c)));
    const units = ['a', ' ', '\n', '\r\n', '\t', '0', '.', '😀', 'e\u0301', '\u0301', '\u0301\u0316', "'", "'s", 'ab', ' a', '日', '가', '\u1100\u1161', '▁', '<', '<|', '\uD83D', ' \n', 'the ', '<s>', '\u3000', '\u{1F3FD}'];
    for (const unit of units) for (const n of [2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 64, 100, 1000]) fixed.push(unit.repeat(n), `x${unit.repeat(n)}`, `${unit.repeat(n)}x`);
    return fixed;
}
