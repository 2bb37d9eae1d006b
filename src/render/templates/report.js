(function(){
"use strict";
var tools=document.querySelector(".tools"),input=tools.querySelector("input"),shown=tools.querySelector(".shown");
var items=Array.from(document.querySelectorAll(".entry,.job tbody tr,.waived li"));
var tests=document.querySelector("details.tests"),rows=[],boxes=[];
if(tests){
  rows=Array.from(tests.querySelectorAll("tbody tr"));
  boxes=Array.from(tests.querySelectorAll("[type=checkbox]"));
  tests.querySelector("fieldset").hidden=boxes.length<2;
}
function filter(){
  var words=input.value.toLowerCase().split(/\s+/).filter(Boolean),count=0,found=0;
  function matches(item){
    var text=item.textContent.toLowerCase();
    return words.every(function(word){return text.indexOf(word)>=0;});
  }
  items.forEach(function(item){
    var hit=matches(item);
    item.classList.toggle("out",!hit);
    if(hit){count+=1;}
  });
  var states=boxes.filter(function(box){return box.checked;}).map(function(box){return box.value;});
  rows.forEach(function(row){
    var hit=states.indexOf(row.cells[0].textContent)>=0&&matches(row);
    row.classList.toggle("out",!hit);
    if(hit){found+=1;}
  });
  // Drawing very many rows takes seconds.
  if(words.length&&found&&found<=1000){tests.open=true;}
  shown.textContent=words.length?count+found+" of "+(items.length+rows.length):"";
}
if(items.length+rows.length>3){
  tools.hidden=false;
  input.addEventListener("input",filter);
  boxes.forEach(function(box){box.addEventListener("change",filter);});
}
window.addEventListener("beforeprint",function(){
  // A long list of tests is printed as the reader left it.
  document.querySelectorAll("details:not(.tests)").forEach(function(details){details.open=true;});
});
}());
