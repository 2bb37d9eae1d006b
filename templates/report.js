(function(){
"use strict";
document.querySelectorAll("section.job").forEach(function(job){
  var table=job.querySelector("table:not(.plain)");
  if(!table){return;}
  var body=table.tBodies[0],rows=Array.from(body.rows),tools=job.querySelector(".tools");
  if(rows.length>1){
    var input=tools.querySelector("input"),shown=tools.querySelector(".shown");
    tools.hidden=false;
    input.addEventListener("input",function(){
      var word=input.value.toLowerCase(),count=0;
      rows.forEach(function(row){
        var hit=row.textContent.toLowerCase().indexOf(word)>=0;
        row.hidden=!hit;row.style.display=hit?"":"none";
        if(hit){count+=1;}
      });
      shown.textContent=word?count+" of "+rows.length:"";
    });
  }
  table.querySelectorAll("th").forEach(function(head,column){
    var button=document.createElement("button");
    button.type="button";button.textContent=head.textContent;
    head.textContent="";head.appendChild(button);
    button.addEventListener("click",function(){
      var up=head.getAttribute("aria-sort")!=="ascending";
      table.querySelectorAll("th").forEach(function(other){other.removeAttribute("aria-sort");});
      head.setAttribute("aria-sort",up?"ascending":"descending");
      var key=function(row){
        var cell=row.cells[column];
        return cell.dataset.rank!==undefined?cell.dataset.rank:cell.textContent.trim();
      };
      rows.slice().sort(function(a,b){
        var order=key(a).localeCompare(key(b),"en",{numeric:true});
        return up?order:-order;
      }).forEach(function(row){body.appendChild(row);});
    });
  });
});
function open(){
  var id=location.hash.slice(1),row=id&&document.getElementById(id),details=row&&row.querySelector("details");
  if(details){details.open=true;}
}
window.addEventListener("hashchange",open);
window.addEventListener("beforeprint",function(){
  document.querySelectorAll("td details").forEach(function(details){details.open=true;});
});
open();
}());
