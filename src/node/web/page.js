'use strict';

// The status page. It shows what the last event of /events said, and knows nothing else; it speaks
// to the server that it came from, and to no other.

const field = (id) => document.getElementById (id);
const KEY = 'workpeer-key'; // in sessionStorage: this tab's
const SILENT = 10000; // milliseconds without an event: the connection is dead
const PAUSE = 2000; // milliseconds between two tries to connect

// Numbers and units, in the reader's own format

const decimals = new Intl.NumberFormat (undefined, { maximumSignificantDigits: 3 });
const wholes = new Intl.NumberFormat ();
const clock = new Intl.DateTimeFormat (undefined, { timeStyle: 'medium' });
const part = new Intl.NumberFormat (undefined, { style: 'percent', maximumFractionDigits: 0 });

const whole = (text) => wholes.format (Number (text));

function amount (text, unit) {
    const value = Number (text);
    const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
    const power = value >= 1000
        ? Math.min (Math.floor (Math.log10 (value) / 3 + 1e-9), prefixes.length - 1) : 0;
    return `${decimals.format (value / 1000 ** power)} ${prefixes[power]}${unit}`;
}

function time (text) {
    const seconds = Number (text);
    for (const [size, unit] of [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms']]) {
        if (seconds >= size) {
            return `${decimals.format (seconds / size)} ${unit}`;
        }
    }
    return `${decimals.format (seconds * 1e6)} µs`;
}

// The document: what has not changed is not touched, so a selection and the focus stay

function setText (element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

function show (element, shown) {
    element.hidden = !shown;
}

function child (parent, index, name) {
    return parent.children[index] || parent.appendChild (document.createElement (name));
}

function trim (parent, count) {
    while (parent.children.length > count) {
        parent.lastElementChild.remove ();
    }
}

// A cell is a text, or {text, number, className, bar}: `bar` is a part of 1, and `text` says it.
function fillCell (element, cell) {
    const { text, number = false, className = '', bar } = typeof cell === 'string' ? { text: cell } : cell;
    element.className = number ? 'number' : bar === undefined ? className : 'bar';
    if (bar === undefined) {
        setText (element, text);
        return;
    }
    if (element.firstElementChild === null) {
        element.replaceChildren (document.createElement ('progress'), document.createElement ('span'));
    }
    element.firstElementChild.value = bar;
    element.firstElementChild.setAttribute ('aria-label', text);
    setText (element.lastElementChild, ` ${text}`);
}

function fillTable (id, rows) {
    const body = field (id).tBodies[0];
    rows.forEach ((cells, index) => {
        const row = child (body, index, 'tr');
        cells.forEach ((cell, column) => fillCell (child (row, column, 'td'), cell));
        trim (row, cells.length);
    });
    trim (body, rows.length);
    show (field (id), rows.length > 0);
}

function fillFigures (id, figures) {
    figures.forEach (([name, text], index) => {
        const box = child (field (id), index, 'div');
        setText (child (box, 0, 'dt'), name);
        setText (child (box, 1, 'dd'), text);
    });
    trim (field (id), figures.length);
}

// The parts of the page

const sources = { cache: 'Store', cpu: 'CPU', gpu: 'GPU', peer: 'Work peer' };
const number = (text) => ({ text, number: true });
const list = (value) => value || [];
const isBad = (state) => state === 'resting' || state === 'down';

function showHealth ({ health }) {
    const { state, reason } = health;
    const word = state[0].toUpperCase () + state.slice (1);
    setText (field ('health'), reason ? `${word}: ${reason}` : word);
    field ('health').className = `health ${state}`;
    document.title = `Workpeer: ${state}`;
}

function showFigures (state) {
    const { asked, ahead } = state.queue;
    fillFigures ('figures', [
        ['Hash rate', amount (state.hash_rate, 'H/s')],
        ['Searches', whole (state.search_count)],
        ['Requests that wait', whole (state.waiters)],
        ['Queue: asked for', whole (asked)],
        ['Queue: found ahead', whole (ahead)],
        ['Works found here', whole (state.found)],
        ['Connections', whole (state.connections)],
    ]);
}

function showLine ({ history }) {
    const rates = list (history).map (Number);
    const most = Math.max (...rates, 1);
    const left = 120 - rates.length;
    field ('line-points').setAttribute ('points',
        rates.map ((rate, index) => `${(left + index) * 600 / 119},${78 - 76 * rate / most}`).join (' '));
    setText (field ('line-text'), rates.length === 0
        ? 'The first figures come after a few seconds.'
        : `Highest ${amount (most, 'H/s')}, lowest ${amount (Math.min (...rates), 'H/s')}, `
            + `last ${amount (rates[rates.length - 1], 'H/s')}.`);
}

// How fast all devices are together that could work now
function rateOf (state) {
    return list (state.devices).filter (({ state }) => state === 'up' || state === 'standby')
        .reduce ((sum, { hash_rate }) => sum + Number (hash_rate), 0);
}

const oddsOf = ({ expected, tried }) => 1 - Math.exp (-tried / expected);

function showSearches (state) {
    const rate = rateOf (state);
    const searches = list (state.searches);
    const more = Number (state.search_count) - searches.length;
    fillTable ('searches', searches.map ((search) => {
        const known = Number (search.expected) > 0;
        return [
            { text: search.root, className: 'code' },
            search.class === 'asked' ? 'asked for' : 'found ahead',
            search.source || 'waits for room',
            number (time (search.age)),
            number (known && rate > 0 ? time (search.expected / rate) : ''),
            known ? { bar: oddsOf (search), text: part.format (oddsOf (search)) } : 'not known',
        ];
    }));
    setText (field ('searches-note'),
        searches.length === 0 ? 'None at the moment.' : more > 0 ? `And ${wholes.format (more)} more.` : '');
}

function showWorks (state) {
    const works = list (state.works);
    const times = list (state.times);
    fillTable ('works', works.map (({ at, source, seconds }) =>
        [clock.format (at * 1000), sources[source], number (time (seconds))]));
    setText (field ('works-note'), works.length === 0 ? 'None since the start.' : '');
    fillTable ('times', times.map (({ source, median, p95 }) =>
        [sources[source], number (time (median)), number (time (p95))]));
    setText (field ('times-note'), times.length === 0 ? 'Nothing was found since the start.' : '');
}

function showDevices (state) {
    const devices = list (state.devices);
    show (field ('devices'), devices.length > 0);
    fillTable ('devices-table', devices.map ((device) => [
        device.name,
        { text: device.job ? `${device.state}, busy` : device.state, className: isBad (device.state) ? 'bad' : '' },
        number (device.hash_rate ? amount (device.hash_rate, 'H/s') : ''),
        number (amount (device.hashes, 'H')),
        device.scanner,
        device.reason,
    ]));
    setText (field ('scanner'), `Scanner ${state.scanner}: ${state.scanner_reason}`);
}

function showPeers (state) {
    // The secondary list has a peer by default; it shows once it was asked.
    const peers = list (state.peers).filter ((peer) => peer.list === 'primary' || peer.state !== 'unknown');
    const took = (text) => number (Number (text) > 0 ? time (text) : '');
    show (field ('peers'), peers.length > 0);
    fillTable ('peers-table', peers.map ((peer) => [
        peer.name,
        peer.list,
        {
            text: peer.state === 'resting' ? `resting for ${time (peer.rest)}` : peer.state,
            className: isBad (peer.state) ? 'bad' : '',
        },
        number (whole (peer.in_flight)),
        number (whole (peer.found)),
        took (peer.median),
        took (peer.p95),
        peer.reason,
    ]));
}

function showReady ({ store, precache }) {
    const figures = [];
    if (store.entries) {
        const asked = Number (store.hits) + Number (store.misses);
        figures.push (['Works stored', whole (store.entries)], ['Store hits', whole (store.hits)],
            ['Hits of all requests', asked > 0 ? part.format (store.hits / asked) : '-'],
            ['Size of the file', amount (store.bytes, 'B')]);
        if (store.error) {
            figures.push (['Store error', store.error]);
        }
    }
    if (precache) {
        figures.push (['Accounts followed', whole (precache.accounts_followed)], ['Of these ready', whole (precache.ready)],
            ['Roots in the queue', whole (precache.queued)], ['Searched for ahead', whole (precache.searching)]);
    }
    show (field ('ready'), figures.length > 0);
    fillFigures ('ready-figures', figures);
}

function showAtto ({ atto_port }) {
    const link = field ('atto');
    if (atto_port) {
        link.href = `${location.protocol}//${location.hostname}:${atto_port}/`;
    }
    show (link, Boolean (atto_port));
}

function showState (state) {
    setText (field ('about'), `${state.version}, ${state.network} network, up for ${time (state.uptime)}`);
    show (field ('now'), true);
    for (const showPart of [showHealth, showFigures, showLine, showSearches, showWorks, showDevices,
        showPeers, showReady, showAtto, showProgress]) {
        showPart (state);
    }
    for (const link of document.querySelectorAll ('nav a[data-with]')) {
        show (link, !field (link.dataset.with).hidden);
    }
}

// The key

let useKey = null; // resolves askKey's promise

const key = () => sessionStorage.getItem (KEY);
const authorization = () => key () ? { Authorization: `Bearer ${key ()}` } : {};

// Until the reader has given one
function askKey (why) {
    sessionStorage.removeItem (KEY);
    setText (field ('key-why'), why);
    show (field ('key-form'), true);
    field ('key').focus ();
    return new Promise ((resolve) => { useKey = resolve; });
}

function takeKey (event) {
    event.preventDefault ();
    sessionStorage.setItem (KEY, field ('key').value.trim ());
    field ('key').value = '';
    show (field ('key-form'), false);
    if (useKey !== null) {
        useKey ();
        useKey = null;
    }
}

// The events

const sleep = (milliseconds) => new Promise ((resolve) => { setTimeout (resolve, milliseconds); });

function visible () {
    return new Promise ((resolve) => {
        const look = () => {
            if (!document.hidden) {
                document.removeEventListener ('visibilitychange', look);
                resolve ();
            }
        };
        document.addEventListener ('visibilitychange', look);
        look ();
    });
}

function showConnection (text) {
    setText (field ('connection'), text);
    show (field ('connection'), text !== '');
    document.body.classList.toggle ('stale', text !== '');
}

function takeEvent (text) {
    let name = 'message';
    let data = '';
    for (const line of text.split ('\n')) {
        if (line.startsWith ('event: ')) {
            name = line.slice (7);
        } else if (line.startsWith ('data: ')) {
            data = line.slice (6);
        }
    }
    if (name === 'face') {
        show (field ('try'), data === 'rpc');
    } else {
        showConnection ('');
        showState (JSON.parse (data));
    }
}

async function readEvents (body, heard) {
    const reader = body.pipeThrough (new TextDecoderStream ()).getReader ();
    let text = '';
    for (;;) {
        const { value, done } = await reader.read ();
        if (done) {
            throw new Error ('it has ended the stream');
        }
        heard ();
        const events = (text + value).split ('\n\n');
        text = events.pop ();
        events.forEach (takeEvent);
    }
}

async function reasonOf (response) {
    try {
        return (await response.json ()).error;
    } catch {
        return `status ${response.status}`;
    }
}

// One connection, to its end. A page that nobody sees has none.
async function listen () {
    const controller = new AbortController ();
    const giveUp = () => controller.abort ();
    const hide = () => document.hidden && giveUp ();
    let timer;
    const heard = () => {
        clearTimeout (timer);
        timer = setTimeout (giveUp, SILENT);
    };
    document.addEventListener ('visibilitychange', hide);
    heard ();
    try {
        const response = await fetch ('events',
            { headers: authorization (), cache: 'no-store', signal: controller.signal });
        if (response.status === 401) {
            showConnection ('');
            clearTimeout (timer);
            await askKey (await reasonOf (response));
            showCurls ();
            return;
        }
        if (!response.ok) {
            throw new Error (await reasonOf (response));
        }
        await readEvents (response.body, heard);
    } finally {
        clearTimeout (timer);
        document.removeEventListener ('visibilitychange', hide);
    }
}

async function follow () {
    for (;;) {
        await visible ();
        try {
            await listen ();
        } catch (error) {
            if (!document.hidden) {
                showConnection (`The server does not answer (${error.message}). This page tries again by itself.`);
                await sleep (PAUSE);
            }
        }
    }
}

// Try it

let running = null; // {controller, digits} of the request that waits

const digitsOf = (root) => `${root.slice (0, 8)}...${root.slice (-8)}`;

function generateBody () {
    const kind = field ('reach').value;
    const body = { action: 'work_generate', hash: field ('root').value.trim ().toUpperCase () };
    return kind ? { ...body, [kind]: field ('reach-value').value.trim () } : body;
}

function validateBody () {
    const difficulty = field ('validate-difficulty').value.trim ();
    const body = {
        action: 'work_validate',
        hash: field ('validate-root').value.trim ().toUpperCase (),
        work: field ('work').value.trim (),
    };
    return difficulty ? { ...body, difficulty } : body;
}

function showCurl (id, body) {
    const header = key () ? ' -H "Authorization: Bearer $WORKPEER_KEY"' : '';
    const text = JSON.stringify (body).replaceAll ("'", "'\\''");
    setText (field (id), `curl${header} -d '${text}' ${new URL ('.', document.baseURI)}`);
}

function showCurls () {
    showCurl ('generate-curl', generateBody ());
    showCurl ('validate-curl', validateBody ());
}

function showAnswer (id, text, bad) {
    setText (field (id), text);
    field (id).className = bad ? 'bad' : '';
}

// Asks the RPC; shows and returns what it answers, or null.
async function ask (id, body, signal) {
    try {
        const response = await fetch ('./', {
            method: 'POST',
            headers: { ...authorization (), 'Content-Type': 'application/json' },
            body: JSON.stringify (body),
            signal,
        });
        const answer = await response.json ();
        showAnswer (id, JSON.stringify (answer, null, 4), 'error' in answer);
        return answer;
    } catch (error) {
        showAnswer (id, signal && signal.aborted ? 'Cancelled.' : `No answer: ${error.message}`, true);
        return null;
    }
}

function showProgress (state) {
    const search = running && list (state.searches).find (({ root }) => root === running.digits);
    if (!search) {
        return;
    }
    const known = Number (search.expected) > 0;
    const rate = rateOf (state);
    show (field ('progress'), known);
    field ('progress').value = known ? oddsOf (search) : 0;
    setText (field ('progress-text'), `Searching for ${time (search.age)}`
        + (known && rate > 0 ? `; about ${time (search.expected / rate)} on average` : '')
        + (known ? `. Odds so far: ${part.format (oddsOf (search))}.` : '.'));
}

function setRunning (now) {
    running = now;
    field ('find').disabled = now !== null;
    field ('cancel').disabled = now === null;
    show (field ('progress'), false);
    setText (field ('progress-text'), now === null ? '' : 'Searching ...');
}

async function generate (event) {
    event.preventDefault ();
    const controller = new AbortController ();
    const body = generateBody ();
    const start = performance.now ();
    setRunning ({ controller, digits: digitsOf (body.hash) });
    showAnswer ('generate-answer', 'Waiting for it.', false);
    const answer = await ask ('generate-answer', body, controller.signal);
    setRunning (null);
    if (answer && answer.work) {
        setText (field ('progress-text'), `Found within ${time ((performance.now () - start) / 1000)}.`);
        field ('validate-root').value = body.hash;
        field ('work').value = answer.work;
        showCurls ();
    }
}

async function validate (event) {
    event.preventDefault ();
    await ask ('validate-answer', validateBody ());
}

function setReach () {
    const input = field ('reach-value');
    const kind = field ('reach').value;
    input.disabled = kind === '';
    input.value = '';
    input.placeholder = { multiplier: '2.5', difficulty: 'fffffff800000000' }[kind] || '';
}

function setRandom () {
    const bytes = crypto.getRandomValues (new Uint8Array (32));
    field ('root').value =
        Array.from (bytes, (byte) => byte.toString (16).padStart (2, '0')).join ('').toUpperCase ();
    showCurls ();
}

// Without a clipboard, as on a page that came over plain HTTP from elsewhere, the line is selected.
async function copy (id) {
    getSelection ().selectAllChildren (field (id));
    if (navigator.clipboard) {
        await navigator.clipboard.writeText (field (id).textContent).catch (() => {});
    }
}

field ('key-form').addEventListener ('submit', takeKey);
field ('generate').addEventListener ('submit', generate);
field ('validate').addEventListener ('submit', validate);
field ('reach').addEventListener ('change', setReach);
field ('random').addEventListener ('click', setRandom);
field ('cancel').addEventListener ('click', () => running && running.controller.abort ());
field ('copy-generate').addEventListener ('click', () => copy ('generate-curl'));
field ('copy-validate').addEventListener ('click', () => copy ('validate-curl'));
field ('try').addEventListener ('input', showCurls);
setRandom ();
setReach ();
follow ();
