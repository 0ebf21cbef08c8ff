'use strict';

// The page of Atto's work server. It speaks to the server that it came from, and to nothing else.

const field = (id) => document.getElementById (id);
let running = null; // the AbortController of the request that waits

function element (name, text, className) {
    const made = document.createElement (name);
    made.textContent = text;
    if (className) {
        made.className = className;
    }
    return made;
}

// The request

function body () {
    const time = field ('timestamp').value.trim ();
    return JSON.stringify ({
        network: field ('network').value,
        timestamp: /^-?\d{1,15}$/.test (time) ? Number (time) : time,
        target: field ('target').value.trim (),
    });
}

function showCommand () {
    const url = new URL ('works', document.baseURI);
    field ('command').textContent =
        `curl -d '${body ().replaceAll ("'", "'\\''")}' ${url}`;
}

function showAnswer (text, isBad) {
    field ('answer').textContent = text;
    field ('answer').className = isBad ? 'bad' : '';
}

function setRunning (controller) {
    running = controller;
    field ('send').disabled = controller !== null;
    field ('cancel').disabled = controller === null;
}

async function send (event) {
    event.preventDefault ();
    const controller = new AbortController ();
    const start = performance.now ();
    const seconds = () => ((performance.now () - start) / 1000).toFixed (2);
    const timer = setInterval (() => showAnswer (`Searching for ${seconds ()} s ...`), 100);
    setRunning (controller);
    showAnswer ('Searching ...');
    let text;
    let isBad = true;
    try {
        const response = await fetch ('works', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: body (),
            signal: controller.signal,
        });
        text = `${response.status} ${response.statusText}, after ${seconds ()} s\n`
            + await response.text ();
        isBad = !response.ok;
    } catch (error) {
        text = controller.signal.aborted
            ? `Cancelled after ${seconds ()} s: the server stops searching.`
            : `No answer: ${error.message}`;
    }
    clearInterval (timer);
    setRunning (null);
    showAnswer (text, isBad);
}

// The form

function setNow () {
    field ('timestamp').value = Date.now ();
    showCommand ();
}

function setRandom () {
    const bytes = crypto.getRandomValues (new Uint8Array (32));
    field ('target').value =
        Array.from (bytes, (byte) => byte.toString (16).padStart (2, '0')).join ('').toUpperCase ();
    showCommand ();
}

// The description

function list (rows) {
    const made = document.createElement ('dl');
    for (const [name, text] of rows) {
        const term = document.createElement ('dt');
        term.append (element ('code', name));
        made.append (term, element ('dd', text));
    }
    return made;
}

function fieldsOf (description, schema) {
    const name = schema.$ref ? schema.$ref.split ('/').pop () : null;
    const { properties } = name ? description.components.schemas[name] : schema;
    return Object.entries (properties || {}).map (([key, value]) => [key, value.description]);
}

function describe (description, method, path, operation) {
    const made = document.createElement ('article');
    const heading = document.createElement ('h3');
    heading.append (element ('code', `${method.toUpperCase ()} ${path}`));
    made.append (heading, element ('p', operation.summary));
    if (operation.description) {
        made.append (element ('p', operation.description, 'soft'));
    }
    if (operation.requestBody) {
        const { schema } = operation.requestBody.content['application/json'];
        made.append (list (fieldsOf (description, schema)));
    }
    made.append (list (Object.entries (operation.responses)
        .map (([status, response]) => [status, response.description])));
    return made;
}

async function showDescription () {
    const place = field ('operations');
    try {
        const description = await (await fetch ('openapi.json')).json ();
        const parts = [];
        for (const [path, methods] of Object.entries (description.paths)) {
            for (const [method, operation] of Object.entries (methods)) {
                parts.push (describe (description, method, path, operation));
            }
        }
        place.replaceChildren (...parts);
    } catch (error) {
        place.textContent = `The description cannot be read: ${error.message}`;
    }
}

field ('request').addEventListener ('submit', send);
field ('request').addEventListener ('input', showCommand);
field ('cancel').addEventListener ('click', () => running && running.abort ());
field ('now').addEventListener ('click', setNow);
field ('random').addEventListener ('click', setRandom);
setNow ();
showDescription ();
