// Everything that this script adds is an aid: the page is complete without it.
(() => {
  'use strict';
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const make = (tag, attributes = {}, text = '') => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };
  const words = (element) => element.textContent.replace(/\s+/g, ' ').trim();

  // A box beside an element.
  const place = (box, at) => {
    box.hidden = false;
    const r = at.getBoundingClientRect();
    const left = Math.min(r.left, innerWidth - box.offsetWidth - 12);
    const below = r.bottom + box.offsetHeight + 10 < innerHeight;
    box.style.left = `${Math.max(8, left) + scrollX}px`;
    box.style.top = `${(below ? r.bottom + 6 : r.top - box.offsetHeight - 6) + scrollY}px`;
  };

  // Origins beside numbers.
  const origin = make('div', { id: 'origin', role: 'dialog', 'aria-label': 'Origin' });
  origin.hidden = true;
  document.body.append(origin);
  let pinned = null;
  let timer = 0;
  const fill = (link) => {
    const row = document.getElementById(link.hash.slice(1));
    if (!row) return false;
    const cell = (name) => words(row.querySelector(`.${name}`));
    const year = cell('year');
    origin.replaceChildren(
      make('p', {}, `${cell('kind')}, ${cell('grade')}${year === 'none' ? '' : `, ${year}`}`),
      make('p', {}, cell('source')));
    const documents = all('.document a', row);
    for (const a of documents) {
      const line = make('p');
      const item = a.dataset.doc && document.getElementById(`doc-${a.dataset.doc}`);
      line.append(make('a', { href: a.getAttribute('href') }, item ? words(item).replace(/ \(cited by.*/, '') : words(a)));
      origin.append(line);
    }
    if (!documents.length) origin.append(make('p', {}, cell('document')));
    const list = make('p');
    list.append(make('a', { href: link.hash, class: 'to-list' }, 'In the list of origins'));
    origin.append(list);
    return true;
  };
  const close = (back) => {
    origin.hidden = true;
    if (pinned && back) pinned.focus();
    pinned = null;
  };
  document.addEventListener('pointerover', (event) => {
    const link = event.target.closest && event.target.closest('a.number');
    clearTimeout(timer);
    if (pinned || event.pointerType === 'touch') return;
    if (link) timer = setTimeout(() => { if (fill(link)) place(origin, link); }, 120);
    else if (!event.target.closest || !event.target.closest('#origin')) timer = setTimeout(() => close(false), 250);
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a.number');
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      if (fill(link)) {
        event.preventDefault();
        place(origin, link);
        pinned = link;
        origin.querySelector('a').focus({ preventScroll: true });
      }
    } else if (event.target.closest('.to-list')) close(false);
    else if (!event.target.closest('#origin')) close(false);
  });

  // Values in figures, on hover and with the arrow keys.
  const tip = make('div', { id: 'tip', role: 'status' });
  tip.hidden = true;
  document.body.append(tip);
  for (const mark of all('svg .v')) {
    const title = mark.querySelector('title');
    mark.dataset.v = title.textContent;
    title.remove();
  }
  let shown = null;
  const show = (mark) => {
    if (shown) shown.classList.remove('on');
    shown = mark;
    tip.hidden = !mark;
    if (!mark) return;
    mark.classList.add('on');
    tip.textContent = mark.dataset.v;
    place(tip, mark);
  };
  document.addEventListener('pointerover', (event) => show((event.target.closest && event.target.closest('svg .v')) || null));
  const visible = (element) => element.getClientRects().length > 0;
  for (const drawing of all('.drawing')) {
    drawing.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const marks = all('.v', drawing).filter(visible);
      if (!step || !marks.length) return;
      event.preventDefault();
      const at = marks.indexOf(shown);
      show(marks[(at + step + marks.length) % marks.length]);
    });
    drawing.addEventListener('blur', () => show(null));
  }
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    show(null);
    if (!origin.hidden) close(true);
  });

  // Saving figures, also where the page has been copied without its folder.
  const save = (name, type, data) => {
    const link = make('a', { href: URL.createObjectURL(new Blob([data], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const drawn = (figure) => {
    const svg = all('svg', figure).find(visible) || figure.querySelector('svg');
    const copy = svg.cloneNode(true);
    copy.removeAttribute('role');
    copy.removeAttribute('aria-labelledby');
    for (const off of all('.off', copy)) off.remove();
    return new XMLSerializer().serializeToString(copy);
  };
  for (const figure of all('figure')) {
    const name = figure.id.replace('figure-', '');
    const tools = figure.querySelector('.tools');
    const png = make('button', { type: 'button', 'data-save': 'png' }, 'PNG');
    tools.append(png);
    tools.addEventListener('click', (event) => {
      const kind = event.target.dataset.save;
      if (!kind) return;
      event.preventDefault();
      if (kind === 'csv') save(`${name}.csv`, 'text/csv', figure.querySelector('script').textContent.replaceAll('< /', '</'));
      else if (kind === 'svg') save(`${name}.svg`, 'image/svg+xml', drawn(figure));
      else {
        const image = new Image();
        image.onload = () => {
          const canvas = make('canvas', { width: image.width * 2, height: image.height * 2 });
          canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
          canvas.toBlob((blob) => save(`${name}.png`, 'image/png', blob));
        };
        image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn(figure))}`;
      }
    });
  }

  // Tables that sort and filter.
  const LONG = 14;
  const number = (cell) => (cell && cell.dataset.v !== undefined ? parseFloat(cell.dataset.v) : NaN);
  for (const table of all('main table')) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    if (rows.length < 3) continue;
    const groups = rows.some((row) => row.classList.contains('group'));
    const heads = all('thead th', table);
    if (!groups) heads.forEach((head, column) => {
      const button = make('button', { type: 'button' });
      // A button holds no other control: where the head has one, an empty button stands beside it.
      if (head.querySelector('a, button, input, summary, [tabindex]')) {
        button.setAttribute('aria-label', 'Sort by ' + words(head));
      } else {
        button.append(...head.childNodes);
      }
      head.append(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') === 'descending';
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', down ? 'ascending' : 'descending');
        const order = down ? 1 : -1;
        const key = (row) => row.cells[column];
        body.append(...[...body.rows].sort((a, b) => {
          const [x, y] = [number(key(a)), number(key(b))];
          if (!isNaN(x) && !isNaN(y)) return (x - y) * order;
          // What is missing stays at the end.
          if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
          return words(key(a)).localeCompare(words(key(b)), 'en', { numeric: true }) * -order;
        }));
      });
    });
    if (rows.length > LONG) {
      const label = make('label', { class: 'filter' }, 'Rows with: ');
      const input = make('input', { type: 'search', size: '16' });
      label.append(input);
      table.closest('.scroll').before(label);
      input.addEventListener('input', () => {
        const wanted = input.value.toLowerCase();
        for (const row of rows) row.hidden = wanted !== '' && !words(row).toLowerCase().includes(wanted);
      });
    }
  }

  // Designs that can be switched off everywhere, and the base of the comparison.
  const comparison = document.querySelector('#comparison table');
  const columns = comparison ? all('thead th', comparison).map((head) => head.querySelector('.design')) : [];
  const designs = columns.filter(Boolean).map(words);
  if (designs.length > 1) {
    const panel = make('div', { class: 'panel', role: 'group', 'aria-label': 'Designs shown' });
    panel.append(make('span', {}, 'Designs shown:'));
    const off = new Set();
    const apply = () => {
      for (const part of all('svg [data-d]')) part.classList.toggle('off', off.has(part.dataset.d));
      for (const table of all('main table, header table')) {
        const heads = all('thead th', table);
        heads.forEach((head, column) => {
          const design = head.querySelector('.design');
          if (!design || column === 0) return;
          const hide = off.has(words(design));
          head.classList.toggle('off', hide);
          for (const row of table.tBodies[0].rows) {
            if (row.cells.length > column) row.cells[column].classList.toggle('off', hide);
          }
        });
        for (const row of table.tBodies[0].rows) {
          const design = row.cells[0].querySelector('.design');
          if (design) row.classList.toggle('off', off.has(words(design)));
        }
      }
    };
    for (const design of designs) {
      const label = make('label');
      const box = make('input', { type: 'checkbox', value: design });
      box.checked = true;
      box.addEventListener('change', () => {
        if (box.checked) off.delete(design);
        else off.add(design);
        apply();
      });
      label.append(box, ` ${design}`);
      panel.append(label);
    }
    const label = make('label', {}, 'Compare with: ');
    const base = make('select', { 'aria-label': 'Base of the comparison' });
    base.append(make('option', { value: '' }, 'no base'));
    for (const design of designs) base.append(make('option', { value: design }, design));
    label.append(base);
    panel.append(label);
    base.addEventListener('change', () => {
      for (const old of all('.ratio', comparison)) old.remove();
      const column = columns.findIndex((design) => design && words(design) === base.value);
      if (column < 0) return;
      for (const row of comparison.tBodies[0].rows) {
        const against = number(row.cells[column]);
        if (isNaN(against) || against === 0) continue;
        for (const [index, cell] of [...row.cells].entries()) {
          if (index === 0 || index === column || isNaN(number(cell))) continue;
          const ratio = number(cell) / against;
          cell.append(make('span', { class: 'ratio' }, `${Number(ratio.toPrecision(3)).toLocaleString('en')} times`));
        }
      }
      document.getElementById('comparison').scrollIntoView();
    });
    document.getElementById('content').prepend(panel);
  }

  // The current section in the contents.
  const links = new Map(all('nav a').map((a) => [a.hash.slice(1), a]));
  const current = () => {
    const sections = all('main > section');
    const passed = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3);
    const id = (passed.pop() || sections[0]).id;
    for (const [name, link] of links) {
      if (name === id) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  };
  addEventListener('scroll', current, { passive: true });
  current();

  // Links into folded parts open them.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let part = target.parentElement; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', open);
  open();
})();
