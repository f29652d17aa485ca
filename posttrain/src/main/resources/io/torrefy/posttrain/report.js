
// Reads values off the charts under the pointer.
document.querySelectorAll('.plot').forEach(plot => {
  const lines = JSON.parse(plot.querySelector('script').textContent);
  const from = +plot.dataset.from, span = plot.dataset.to - from;
  const make = (name, css) => Object.assign(document.createElement(name), {className: css});
  const rule = make('div', 'rule'), tip = make('div', 'tip');
  const nearest = (xs, x) => xs.reduce((best, value, i) => Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best, 0);
  const hide = () => { rule.remove(); tip.remove(); };
  plot.addEventListener('pointerleave', hide);
  plot.addEventListener('pointermove', event => {
    const box = plot.getBoundingClientRect();
    const aim = from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * span;
    const filled = lines.filter(line => line.x.length);
    if (!filled.length) return;
    const dense = filled.reduce((a, b) => b.x.length > a.x.length ? b : a);
    const step = dense.x[nearest(dense.x, aim)];
    const at = 100 * (step - from) / span;
    tip.replaceChildren(plot.dataset.over ? `${Math.round(step)} ${plot.dataset.over}` : `step ${Math.round(step)}`);
    filled.forEach(line => {
      const i = nearest(line.x, step);
      if (Math.abs(line.x[i] - step) > span / 50) return;
      const row = make('u', line.color);
      row.append(`${line.name} ${line.text[i]}`);
      tip.append(row);
    });
    rule.style.left = at + '%';
    tip.style.left = Math.min(85, Math.max(15, at)) + '%';
    plot.append(rule, tip);
  });
});
