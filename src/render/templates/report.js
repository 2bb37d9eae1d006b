(function(){
"use strict";
var tools=document.querySelector(".tools"),input=tools.querySelector("input"),shown=tools.querySelector(".shown");
var items=Array.from(document.querySelectorAll(".entry,.job tbody tr,.waived li"));
if(items.length>3){
  tools.hidden=false;
  input.addEventListener("input",function(){
    var words=input.value.toLowerCase().split(/\s+/).filter(Boolean),count=0;
    items.forEach(function(item){
      var text=item.textContent.toLowerCase();
      var hit=words.every(function(word){return text.indexOf(word)>=0;});
      item.classList.toggle("out",!hit);
      if(hit){count+=1;}
    });
    shown.textContent=words.length?count+" of "+items.length:"";
  });
}
window.addEventListener("beforeprint",function(){
  document.querySelectorAll("details").forEach(function(details){details.open=true;});
});
}());
