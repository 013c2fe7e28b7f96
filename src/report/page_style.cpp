// The style sheets: the page's, and that of charts in files of their own.
// Colours of arms keep a contrast of at least 4.5 with the background and differ for colour-blind eyes (after Okabe and
// Ito); dashes, shapes and hollow markers tell apart what shares a colour, or what is printed in grey.
#include "qkvbench/report/sections.hpp"

namespace qkvbench::report {

namespace {

/// Colours on white. A file holds these alone.
constexpr std::string_view kLight = R"css(
--bg:#fff;--fg:#1b1f24;--muted:#59626c;--rule:#d4d9df;--panel:#f5f7f9;--good:#00704f;--bad:#b3261e;--open:#8a5a00;
--h0:#0060a8;--h1:#c04a00;--h2:#007a58;--h3:#a3408a;--h4:#30363d;--h5:#7a5c00;--h6:#006c7a;--h7:#b3261e;--h8:#5b4bc4
)css";

constexpr std::string_view kPage = R"css(
@media screen and (prefers-color-scheme:dark){:root{--bg:#0f1317;--fg:#e6e9ec;--muted:#9ba6b1;--rule:#343c45;
--panel:#181e24;--good:#4fd6a6;--bad:#ff8a80;--open:#f0b93a;
--h0:#6cb6ff;--h1:#ff9a57;--h2:#3dd6a3;--h3:#f0a3d6;--h4:#eef1f4;--h5:#e0c050;--h6:#4fd0e0;--h7:#ff8a80;--h8:#b3a6ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1rem .75rem 4rem;max-width:76rem;background:var(--bg);color:var(--fg);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .25rem;padding-top:.5rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.25rem 0 .25rem}h4{font-size:.9rem;margin:.75rem 0 0}
p{margin:.4rem 0;max-width:46rem}
a{color:var(--h0)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0;font-size:.9rem}
.facts{display:grid;grid-template-columns:auto 1fr;gap:.1rem .75rem;margin:.75rem 0;font-size:.85rem}
.facts dt{color:var(--muted)}.facts dd{margin:0;overflow-wrap:anywhere}
.findings{font-size:.95rem;margin:.5rem 0;padding-left:1.1rem}.findings li{margin:.35rem 0;max-width:60rem}
.warning{color:var(--open);font-weight:600}
.why{color:var(--muted);font-size:.9rem}td .why{font-size:.8rem}
.scroll{overflow-x:auto;max-width:100%;margin:.75rem 0;background:linear-gradient(90deg,var(--bg) 30%,transparent),
linear-gradient(270deg,var(--bg) 30%,transparent) 100% 0,radial-gradient(farthest-side at 0 50%,var(--muted),transparent),
radial-gradient(farthest-side at 100% 50%,var(--muted),transparent) 100% 0;background-repeat:no-repeat;
background-size:2rem 100%,2rem 100%,.6rem 100%,.6rem 100%;background-attachment:local,local,scroll,scroll}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--rule)}
th{font-weight:600}thead th{vertical-align:bottom}
th:first-child,td:first-child,.left td,.left th{text-align:left}
.cells th:first-child{position:sticky;left:0;background:var(--bg);white-space:nowrap}
td small,th small{display:block;color:var(--muted);font-weight:400;white-space:nowrap}
td .gap{color:var(--open)}
@media (min-width:64rem){main{display:grid;grid-template-columns:1fr 1fr;gap:0 2rem}main>section{grid-column:1/-1;min-width:0}
main>section:has(.charts>figure:only-child){grid-column:auto}}
figure{margin:0;min-width:0;break-inside:avoid}
figcaption{font-weight:600;font-size:.95rem}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:1.5rem 2rem;margin:.75rem 0}
.maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.75rem;margin:.5rem 0 1.25rem}
.arms{display:flex;flex-wrap:wrap;gap:0 2rem}.arm{max-width:100%}.arm .maps{display:flex;flex-wrap:wrap}
.arm figure{width:10rem}.image{width:8.5rem}
.maps figcaption{font-weight:400;font-size:.75rem;line-height:1.35;color:var(--muted)}
svg{display:block;width:100%;height:auto;overflow:visible}
.key,.whole{white-space:nowrap}
.key{display:inline-flex;align-items:baseline}
.key svg{flex:none;width:.8rem;height:.8rem;position:relative;top:.08em;margin-right:.3rem}
.verdict{font-weight:700;white-space:nowrap}
.holds{color:var(--good)}.refuted{color:var(--bad)}.inconclusive{color:var(--open)}
.map{background:#fff;border:1px solid var(--rule)}
.map text{fill:#333;font-size:.7px}
@media screen and (prefers-color-scheme:dark){.map,.scale{filter:invert(1) hue-rotate(180deg)}}
.scale{display:inline-block;width:6rem;height:.7rem;vertical-align:-.05rem;border:1px solid var(--rule);
background:linear-gradient(90deg,#fff,#5e9ecc 50%,#08285c)}
pre{background:var(--panel);padding:.6rem .75rem;border-radius:.3rem;font-size:.8rem;white-space:pre-wrap;
overflow-wrap:anywhere}
details{margin:.6rem 0}summary{cursor:pointer;font-weight:600}
@media (max-width:40rem){
th,td{padding:.35rem .4rem}
.cells .key,.cells td small{white-space:normal}.cells td small.tight{white-space:nowrap}.cells th:first-child{max-width:6.5rem}
.cards thead{display:none}.cards,.cards tbody,.cards tr,.cards td{display:block;text-align:left}
.cards tr{border:1px solid var(--rule);border-radius:.4rem;padding:.4rem .6rem;margin:.6rem 0}
.cards td{border:0;padding:.1rem 0}
.cards td[data-name]:not(:empty)::before{content:attr(data-name) ": ";color:var(--muted)}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2,h3,.why{break-after:avoid}.why,td .why{font-size:8pt}tr,figure{break-inside:avoid}.scroll{overflow:visible}table{font-size:8pt}
.charts{grid-template-columns:repeat(2,1fr);gap:1rem}.maps{grid-template-columns:repeat(6,1fr)}
th,td{padding:.2rem .35rem}
details::details-content{content-visibility:visible;block-size:auto}}
)css";

/// What the classes of charts are.
constexpr std::string_view kCharts = R"css(
svg text{font-size:11px;fill:var(--fg);font-family:inherit}
svg .small{font-size:10px;fill:var(--muted)}
svg .middle{text-anchor:middle}svg .end{text-anchor:end}svg .start{text-anchor:start}
svg .label{font-weight:500;paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}
.h0{color:var(--h0)}.h1{color:var(--h1)}.h2{color:var(--h2)}.h3{color:var(--h3)}.h4{color:var(--h4)}
.h5{color:var(--h5)}.h6{color:var(--h6)}.h7{color:var(--h7)}.h8{color:var(--h8)}
.d1{stroke-dasharray:5 3}.d2{stroke-dasharray:9 2 2 2}.d3{stroke-dasharray:5 2 1 2}
.d4{stroke-dasharray:2 2}.d5{stroke-dasharray:3 3 1 3}.d6{stroke-dasharray:1 2}.d7{stroke-dasharray:1 4}
.full{fill:currentColor;stroke:var(--bg);stroke-width:.8}
.hollow{fill:var(--bg);stroke:currentColor;stroke-width:1.6}
.cut,.inner{fill:none;stroke:var(--bg);stroke-width:1.3}.inner{stroke:currentColor}
.s1{opacity:.85}.s2{opacity:.7}.s3{opacity:.55}
.run{fill:currentColor;fill-opacity:.55}
.whisker,.line,.leader,.front{fill:none;stroke:currentColor}
.whisker{stroke-width:1.5}.line{stroke-width:1.8;stroke-linejoin:round}
.leader{stroke-width:.8;stroke-dasharray:none;opacity:.7}
.band{fill:currentColor;fill-opacity:.1}.faint{fill-opacity:.05}
.rule{fill:none;stroke:var(--rule);stroke-width:.8}
.guide{stroke:var(--muted);stroke-width:1;stroke-dasharray:3 3}
.zero{stroke:var(--fg);stroke-width:1}
.other{fill:none;stroke:var(--fg);stroke-width:1.2}
.front{stroke:var(--muted);stroke-width:1.2}
.ring{fill:none;stroke:var(--fg);stroke-width:1.2}
)css";

}  // namespace

std::string page_style() {
  return "\n:root{" + std::string(kLight.substr(1, kLight.size() - 2)) + "}" + std::string(kPage) +
         std::string(kCharts.substr(1));
}

std::string chart_style() {
  std::string out;
  std::string_view rest = kCharts;
  for (std::size_t at = 0; (at = rest.find("var(")) != std::string_view::npos;) {
    const std::size_t end = rest.find(')', at);
    const std::string name = std::string(rest.substr(at + 4, end - at - 4)) + ":";
    const std::size_t from = kLight.find(name) + name.size();
    out += std::string(rest.substr(0, at)) + std::string(kLight.substr(from, kLight.find_first_of(";\n", from) - from));
    rest.remove_prefix(end + 1);
  }
  return out + std::string(rest);
}

}  // namespace qkvbench::report
